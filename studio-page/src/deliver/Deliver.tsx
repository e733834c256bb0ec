/** What leaves the house: the starred pictures as sheets, books and files; and one card's settings for a set of garments. */

import { useEffect, useState } from "react";
import { get } from "../api/client";
import type { Deliver as Format, Job } from "../api/types";
import { Choice } from "../parts/Choice";
import { translated } from "../text/engine";
import { isAtWork, noteIn } from "../restyle/Board";
import { wornOn } from "../restyle/captions";
import { widthOf } from "../restyle/PrintTools";
import { cancel, copyText, submit } from "../state/actions";
import { asked } from "../state/byPart";
import { attempt } from "../state/notices";
import { change, type Order, useStore } from "../state/store";
import { called, partName, useText } from "../text";
import { carriesOrigin, objections } from "./order";

const NOTHING: Partial<Order> = {};
const TEMPLATE = "{project}_{garment}_{look}_{number}";

/** Kept per project: whoever looks at the desk in between finds what was typed. */
const set = (values: Partial<Order>) =>
  change(({ orders, project }) => ({ orders: { ...orders, [project]: { ...orders[project], ...values } } }));

const FORMATS: Format[] = ["contact_sheet", "lookbook_html", "lookbook_pdf", "cutouts", "tiffs", "zip"];

export function Deliver() {
  const text = useText();
  const results = useStore((state) => state.results);
  const project = useStore((state) => state.project);
  const projectName = useStore((state) => state.projects.find((item) => item.id === state.project)?.name ?? "");
  const order = useStore((state) => state.orders[state.project]) ?? NOTHING;
  const which = order.which ?? (results.some((result) => result.starred) || !results.length ? "starred" : "all");
  const { format = "lookbook_html", title = called({ name: projectName }, text), ppi = "300", template = TEMPLATE, strip = false, left = [] } = order;
  const offered = results.filter((result) => (which === "starred" ? result.starred : !result.rejected));
  const chosen = offered.filter((result) => !left.includes(result.id));
  const can = useStore((state) => state.info?.can);
  const missing = objections(title, template, format === "tiffs" ? ppi : null, text);
  const make = () => {
    const asked = { title, template, strip_metadata: strip && carriesOrigin(format), ...(format === "tiffs" ? { ppi: Number(ppi) } : {}) };
    void submit({ kind: "deliver", project, results: chosen.map((result) => result.id), format, ...asked });
  };
  return (
    <main id="main" className="room deliver">
      <section className="wide">
        <h1>{text.deliver.title}</h1>
        <Choice
          label={text.deliver.which}
          value={which}
          options={[
            ["starred", text.deliver.starred],
            ["all", text.deliver.everything],
          ]}
          onChange={(value) => set({ which: value })}
        />
        {offered.length ? <p className="quiet">{text.deliver.selected(chosen.length)}</p> : <p>{text.deliver.nothing}</p>}
        <ul className="wall">
          {offered.map((result) => (
            <li key={result.id}>
              <button
                type="button"
                aria-pressed={!left.includes(result.id)}
                aria-label={text.deliver.take(result.name)}
                onClick={() => set({ left: left.includes(result.id) ? left.filter((id) => id !== result.id) : [...left, result.id] })}
              >
                <img src={`${result.picture.thumbnail}?side=384`} alt="" loading="lazy" />
              </button>
            </li>
          ))}
        </ul>
      </section>
      <aside className="column">
        <section className="tools">
          <Choice wide label={text.deliver.how} value={format} options={FORMATS.filter((key) => key !== "lookbook_pdf" || can?.pdf.available).map((key) => [key, text.deliver.formats[key]] as const)} onChange={(value) => set({ format: value })} />
          <label>
            {text.deliver.heading}
            <input value={title} maxLength={200} onChange={(event) => set({ title: event.target.value })} />
          </label>
          <label>
            {text.deliver.template}
            <input value={template} maxLength={200} onChange={(event) => set({ template: event.target.value })} />
          </label>
          {format === "tiffs" && (
            <label>
              {text.deliver.ppi}
              <input type="number" min={36} max={1200} value={ppi} onChange={(event) => set({ ppi: event.target.value })} />
            </label>
          )}
          {carriesOrigin(format) && (
            <label className="check">
              <input type="checkbox" checked={strip} onChange={(event) => set({ strip: event.target.checked })} />
              {text.deliver.strip}
            </label>
          )}
          {missing.map((words) => (
            <p key={words} className="warn" role="status">
              {words}
            </p>
          ))}
          <button type="button" className="main" disabled={!chosen.length || missing.length > 0} onClick={make}>
            {text.deliver.make}
          </button>
        </section>
        <Ready />
        <Batch onBegun={() => set({ which: "all" })} />
      </aside>
    </main>
  );
}

function Ready() {
  const text = useText();
  const jobs = useStore((state) => state.jobs);
  const deliveries = Object.values(jobs)
    .filter((job) => job.kind === "deliver")
    .sort((a, b) => b.created - a.created)
    .slice(0, 8);
  if (!deliveries.length) return null;
  return (
    <section className="tools" aria-label={text.deliver.files}>
      <h2>{text.deliver.files}</h2>
      <ul className="files">
        {deliveries.map((job) => (
          <Delivery key={job.id} job={job} />
        ))}
      </ul>
    </section>
  );
}

function Delivery({ job }: { job: Job }) {
  const text = useText();
  return (
    <li>
      {job.files.map((file) => (
        <a key={file.name} className="button" href={`${file.picture.url}?download=${encodeURIComponent(file.name)}`} download>
          {file.name}
        </a>
      ))}
      {job.state !== "done" && (
        <span className="quiet" role="status">
          {text.jobs.states[job.state]} {noteIn(job.note, text)} {job.problem && translated(job.problem.title, text)}
        </span>
      )}
      {isAtWork(job) ? (
        <button type="button" onClick={() => void cancel(job.id)}>
          {text.jobs.cancel}
        </button>
      ) : (
        <button type="button" className="plain small" onClick={() => void copyText(job.command, text.stage.copied)}>
          {text.stage.copyCommand}
        </button>
      )}
    </li>
  );
}

/** Exactly the settings of the desk, on many garments. onBegun: the pictures will come in among all of the project. */
function Batch({ onBegun }: { onBegun: () => void }) {
  const text = useText();
  const garments = useStore((state) => state.garments);
  const project = useStore((state) => state.project);
  const parts = useStore((state) => state.parts);
  const desk = useStore((state) => state.garments.find((item) => item.id === state.garment));
  const looks = useStore((state) => state.looks);
  const given = asked({ controls: useStore((state) => state.controls), parts, looks });
  // A print is as wide on every garment as it is said to be on the desk; a share of each would make it small on a bag.
  const controls = desk ? { ...given, print_cm: given.print_cm ?? widthOf(desk, given.scale) } : given;
  const jobs = useStore((state) => state.jobs);
  const worn = looks.filter((look) => parts.some((part) => part.look === look.id));
  const picked = useStore((state) => state.orders[state.project]?.batch) ?? [];
  const chosen = picked.filter((id) => garments.some((garment) => garment.id === id)); // another tab may have deleted one
  const setChosen = (batch: string[]) => set({ batch });
  const batches = Object.values(jobs)
    .filter((job) => job.request.kind === "restyle" && job.request.garments.length > 1)
    .sort((a, b) => b.created - a.created)
    .filter((job, index) => index === 0 || isAtWork(job));
  const every = garments.length > 0 && garments.every((garment) => chosen.includes(garment.id));
  return (
    <section className="tools" aria-label={text.deliver.batchTitle}>
      <h2>{text.deliver.batchTitle}</h2>
      <p className="wearing quiet">
        {worn.length ? text.deliver.wearing : text.deliver.noCloth}
        {worn.map((look) => (
          <img key={look.id} src={`${look.picture.thumbnail}?side=64`} alt={called(look, text)} title={called(look, text)} />
        ))}
      </p>
      {worn.length > 0 && Object.keys(given.on).length > 0 && <p className="quiet">{wornOn(given.on, looks, text).join(text.comma)}</p>}
      <label className="check">
        <input type="checkbox" checked={every} onChange={() => setChosen(every ? [] : garments.map((garment) => garment.id))} />
        {text.deliver.everyGarment}
      </label>
      <ul className="pick">
        {garments.map((garment) => (
          <li key={garment.id}>
            <label className="check">
              <input type="checkbox" checked={chosen.includes(garment.id)} onChange={(event) => setChosen(event.target.checked ? [...chosen, garment.id] : chosen.filter((id) => id !== garment.id))} />
              <img src={`${garment.photo.thumbnail}?side=64`} alt="" loading="lazy" />
              <span>{called(garment, text)}</span>
            </label>
          </li>
        ))}
      </ul>
      <button
        type="button"
        disabled={!chosen.length || !parts.length}
        onClick={() => {
          void submit({ kind: "restyle", project, garments: chosen, looks: parts, controls, variants: 1 });
          onBegun();
        }}
      >
        {text.deliver.batch(chosen.length)}
      </button>
      {batches.map((job) => (isAtWork(job) ? <UnderWay key={job.id} job={job} /> : <Outcome key={job.id} job={job} />))}
    </section>
  );
}

function UnderWay({ job }: { job: Job }) {
  const text = useText();
  return (
    <div className="row" role="status">
      <progress max={1} value={job.progress} aria-label={text.jobs.states[job.state]} />
      <span className="quiet nowrap">{noteIn(job.note, text)}</span>
      <button type="button" onClick={() => void cancel(job.id)}>
        {text.jobs.cancel}
      </button>
    </div>
  );
}

const ID = /^[0-9a-f]{16}$/;

interface Failure {
  source: string; // the garment's file, or its id where nobody knows the name any more
  error: { problem: string };
}

interface Made {
  source: string;
  missing?: string[]; // parts that were to be dressed, and that it does not show
}

/** How a batch ended: how many, which garments failed and why, and which lack a part that was dressed, which only the whole job says, not the events. */
function Outcome({ job }: { job: Job }) {
  const text = useText();
  const [failed, setFailed] = useState<Failure[]>([]);
  const [made, setMade] = useState<Made[]>([]);
  useEffect(() => {
    let current = true;
    void attempt(async () => {
      const { output } = await get<{ output: { failed?: Failure[]; results?: Made[] } | null }>(`/v1/jobs/${job.id}`);
      if (!current) return;
      setFailed(output?.failed ?? []);
      setMade(output?.results ?? []);
    });
    return () => {
      current = false;
    };
  }, [job.id]);
  if (job.request.kind !== "restyle") return null;
  return (
    <div className="findings" role="status">
      <p className="quiet">{text.deliver.restyled(job.results.length, job.request.garments.length)}</p>
      {job.problem && <p className="warn">{translated(job.problem.title, text)}</p>}
      {failed.map((item, index) => (
        <p key={`${index}${item.source}`} className="warn">
          {ID.test(item.source) ? text.deliver.unnamed : item.source}: {translated(item.error.problem, text)}
        </p>
      ))}
      {made.map(({ source, missing }, index) =>
        missing?.length ? (
          <p key={`${index}${source}`} className="quiet">
            {text.byPart.lacks(source, missing.map((name) => partName(name, text)).join(text.comma))}
          </p>
        ) : null,
      )}
    </div>
  );
}
