/** A look of one's own: pictures in, a check that explains itself, a time, and what it learns while it learns. */

import { useEffect, useState } from "react";
import { get, remove, upload } from "../api/client";
import type { Job, Page, PictureSet } from "../api/types";
import { Choice } from "../parts/Choice";
import { Drop, useDropsBeside, useDropZone } from "../parts/Drop";
import { isAtWork } from "../restyle/Board";
import { submit } from "../state/actions";
import { attempt } from "../state/notices";
import { change, type Teaching, useStore, without, withItem } from "../state/store";
import { useText } from "../text";
import { translated } from "../text/engine";
import { Training } from "./Training";

const MINUTES = ["5", "15", "30", "60", "120"] as const;
const LISTED = 20; // sets
const NAME = /^[a-z0-9][a-z0-9._-]*$/; // of a model, which is a folder on any computer
const teach = (values: Partial<Teaching>) => change((state) => ({ teaching: { ...state.teaching, ...values } }));

export function Train() {
  const text = useText();
  const project = useStore((state) => state.project);
  const can = useStore((state) => state.info?.can.train);
  const jobs = useStore((state) => state.jobs);
  const teaching = useStore((state) => state.teaching);
  const { name, minutes } = teaching;
  const [sets, setSets] = useState<PictureSet[]>([]); // newest first
  const set = teaching.set === "newest" ? sets[0] : sets.find((item) => item.id === teaching.set);
  const trainings = Object.values(jobs)
    .filter((job) => job.kind === "train")
    .sort((a, b) => b.created - a.created);

  // Sets live in the service: dropped pictures are there after a reload and a restart, trained or not.
  useEffect(() => {
    void attempt(async () => setSets((await get<Page<PictureSet>>(`/v1/sets?limit=${LISTED}`)).items));
  }, []);

  function keep(changed: PictureSet) {
    setSets((items) => withItem(items, changed));
    teach({ set: changed.id });
  }

  async function add(files: File[]) {
    const made = await attempt(() => upload<PictureSet>(set ? `/v1/sets/${set.id}/pictures` : "/v1/sets", { files }));
    if (made) keep(made);
  }

  async function drop(sha256: string) {
    const left = await attempt(() => remove<PictureSet>(`/v1/sets/${set?.id}/pictures/${sha256}`));
    if (left) keep(left);
  }

  async function forget(id: string) {
    await attempt(async () => {
      await remove(`/v1/sets/${id}`);
      setSets((items) => without(items, id));
    });
  }

  const { over, zone } = useDropZone((files) => void add(files));
  useDropsBeside((files) => void add(files));
  const fits = NAME.test(name);
  const count = set?.pictures.length ?? 0;
  const marked = new Set(set?.check.filter((finding) => finding.level !== "note").flatMap((finding) => finding.pictures));
  return (
    <main id="main" className={over ? "room train over" : "room train"} {...zone}>
      <section className="wide">
        <h1>{text.train.title}</h1>
        <p>{text.train.intro}</p>
        {can && !can.available && <p className="warn">{can.reason}</p>}
        {trainings.filter(isOpen).map((job) => (
          <Training key={job.id} job={job} />
        ))}
        <Drop label={text.train.add} multiple className={count ? "" : "large"} onFiles={(files) => void add(files)}>
          {count ? text.train.add : text.train.drop}
        </Drop>
        {count > 0 && <p className="quiet">{text.train.pictures(count)}</p>}
        <ul className="swatches">
          {set?.pictures.map((picture) => (
            <li key={picture.sha256}>
              <img src={`${picture.thumbnail}?side=256`} alt="" className={marked.has(picture.sha256) ? "marked" : ""} />
              <button type="button" className="corner" aria-label={text.train.remove} title={text.train.remove} onClick={() => void drop(picture.sha256)}>
                <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
        </ul>
        <Earlier sets={sets.filter((item) => item !== set && item.pictures.length > 0)} onTake={(id) => teach({ set: id })} onForget={(id) => void forget(id)} />
        {trainings
          .filter((job) => !isOpen(job))
          .map((job) => (
            <Training key={job.id} job={job} />
          ))}
        {!trainings.length && <p className="quiet">{text.train.empty}</p>}
      </section>
      <aside className="column">
        {set && <Check set={set} />}
        <section className="tools">
          <label>
            {text.train.name}
            <input
              value={name}
              maxLength={64}
              aria-invalid={!fits}
              aria-describedby={fits ? undefined : "name-rule"}
              onChange={(event) => teach({ name: event.target.value.toLowerCase().replace(/\s+/g, "-") })}
            />
          </label>
          {!fits && (
            <p id="name-rule" className="warn" role="status">
              {text.train.nameRule}
            </p>
          )}
          <Choice label={text.train.time} value={minutes} options={MINUTES.map((n) => [n, text.train.minutes(Number(n))] as const)} onChange={(value) => teach({ minutes: value })} />
          <button
            type="button"
            className="main"
            disabled={!set?.ready || !fits || can?.available === false}
            onClick={() => set && void submit({ kind: "train", project, set: set.id, name, minutes: Number(minutes) })}
          >
            {text.train.start}
          </button>
          {set && (
            <button type="button" className="plain small" onClick={() => teach({ set: null })}>
              {text.train.another}
            </button>
          )}
        </section>
      </aside>
    </main>
  );
}

/** Sets that were put aside: none has to be dropped a second time. */
function Earlier({ sets, onTake, onForget }: { sets: PictureSet[]; onTake: (id: string) => void; onForget: (id: string) => void }) {
  const text = useText();
  if (!sets.length) return null;
  return (
    <section className="earlier" aria-label={text.train.earlier}>
      <h2>{text.train.earlier}</h2>
      <ul>
        {sets.map((item) => (
          <li key={item.id}>
            <button type="button" aria-label={text.train.take(item.pictures.length)} onClick={() => onTake(item.id)}>
              {item.pictures.slice(0, 3).map((picture) => (
                <img key={picture.sha256} src={`${picture.thumbnail}?side=64`} alt="" loading="lazy" />
              ))}
              <span>{text.train.pictures(item.pictures.length)}</span>
            </button>
            <button type="button" className="plain" aria-label={text.train.forget} title={text.train.forget} onClick={() => onForget(item.id)}>
              <span aria-hidden="true">×</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** At work, or waiting to go on: above the pictures, so that nobody has to look for it below two hundred of them. */
function isOpen(job: Job): boolean {
  return isAtWork(job) || job.resumable;
}

function Check({ set }: { set: PictureSet }) {
  const text = useText();
  return (
    <section className="tools" aria-label={text.train.check}>
      <h2>{text.train.check}</h2>
      {!set.check.length && <p className="quiet">{text.train.fine}</p>}
      <ul className="findings">
        {set.check.map((finding, index) => (
          <li key={`${finding.kind}${index}`} className={finding.level}>
            <strong>{text.train.levels[finding.level]}</strong>
            <span>{translated(finding.problem, text)}</span>
            <span className="quiet">{translated(finding.advice, text)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
