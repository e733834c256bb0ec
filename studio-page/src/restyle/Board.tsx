/** The variants of this garment, newest first: star, reject, re-roll, compare; all of it by keys too. */

import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Job, Result } from "../api/types";
import { Choice } from "../parts/Choice";
import { cancel, mark } from "../state/actions";
import { change, type Filter, now, partsOn, useStore } from "../state/store";
import { reroll, variants } from "../state/variants";
import { type Text, useText } from "../text";
import { translated } from "../text/engine";
import { captionOf, newColours } from "./captions";
import { isTyping } from "./Stage";

export function Board() {
  const text = useText();
  const results = useStore((state) => state.results);
  const garment = useStore((state) => state.garment);
  const filter = useStore((state) => state.filter);
  const pair = useStore((state) => state.compare);
  const jobs = useStore((state) => state.jobs);
  const list = useRef<HTMLUListElement>(null);
  const mine = inFamilies(results.filter((result) => result.garment === garment).filter((result) => wanted(result, filter)));
  const atWork = Object.values(jobs).filter((job) => isAtWork(job) && concerns(job, garment));

  useEffect(() => {
    const keys = (event: globalThis.KeyboardEvent) => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "v" && !event.repeat) void variants(4);
      if (event.key === "m") change({ masking: now().garment });
      if (event.key === "Escape") change({ compare: [] });
    };
    window.addEventListener("keydown", keys);
    return () => window.removeEventListener("keydown", keys);
  }, []);

  function keys(event: KeyboardEvent<HTMLUListElement>) {
    const cards = [...(list.current?.querySelectorAll<HTMLElement>("[data-result]") ?? [])];
    const place = cards.findIndex((card) => card.contains(document.activeElement));
    const result = mine.find((item) => item.id === cards[place]?.dataset.result);
    if (!result) return;
    const columns = cards.filter((card) => card.offsetTop === cards[0]?.offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      cards[Math.min(cards.length - 1, Math.max(0, place + step))]?.querySelector("button")?.focus();
    }
    if (event.key === "s") star(result.id);
    if (event.key === "x") reject(result.id);
    if (event.key === "r") void reroll(result);
    if (event.key === "c") compareWith(result.id);
  }

  return (
    <section className="board" aria-label={text.board.title}>
      <header>
        <h2>{text.board.title}</h2>
        {pair.length === 1 && <span className="quiet">{text.board.comparing}</span>}
        <Choice
          label={text.board.title}
          hideLabel
          value={filter}
          options={(["all", "starred", "rejected"] as Filter[]).map((key) => [key, text.board.filter[key]] as const)}
          onChange={(value) => change({ filter: value })}
        />
      </header>
      {/* The keys work on the focused card's button; the list itself only hears them. */}
      <ul ref={list} onKeyDown={keys}>
        {atWork.map((job) => (
          <Waiting key={job.id} job={job} />
        ))}
        {mine.map((result) => (
          <Card key={result.id} result={result} />
        ))}
      </ul>
      {!mine.length && !atWork.length && <p className="quiet">{filter === "all" ? text.board.empty : text.board.filtered}</p>}
    </section>
  );
}

/** The newest family first; within one, what was asked for and then what was varied, as they were made. */
function inFamilies(results: Result[]): Result[] {
  const families = new Map<string, Result[]>();
  for (const result of results) families.set(result.job, [result, ...(families.get(result.job) ?? [])]);
  return [...families.values()].flat();
}

const wanted = (result: Result, filter: Filter) =>
  filter === "all" ? !result.rejected : filter === "starred" ? result.starred : result.rejected;

export const isAtWork = (job: Job) => job.state === "queued" || job.state === "running";

/** "2 of 4" in the language of the page; other notes are the service's own words. */
export function noteIn(note: string, text: Text): string {
  const [, done, all, images] = /^([\d,]+) of ([\d,]+)( images)?$/.exec(note) ?? [];
  if (!done || !all) return translated(note, text);
  return images ? text.train.seen(done, all) : `${done} / ${all}`;
}

function concerns(job: Job, garment: string | null): boolean {
  const request = job.request;
  if (request.kind === "restyle") return request.garments.includes(garment ?? "");
  return request.kind === "colourways" && request.garment === garment;
}

/** Pressed again it is taken back; a third begins another pair. */
function compareWith(id: string): void {
  change(({ compare }) => {
    if (compare.includes(id)) return { compare: compare.filter((other) => other !== id) };
    return { compare: compare.length === 1 ? [...compare, id] : [id] };
  });
}

const star = (id: string) => remark(id, ({ starred }) => (starred ? { starred: false } : { starred: true, rejected: false }));
const reject = (id: string) => remark(id, ({ rejected }) => (rejected ? { rejected: false } : { rejected: true, starred: false }));

/** As it is now, not as it was drawn: keys may be quicker. Of a card that leaves the board by it the focus goes to its neighbour. */
function remark(id: string, turned: (result: Result) => { starred?: boolean; rejected?: boolean }): void {
  const result = now().results.find((item) => item.id === id);
  if (!result) return;
  const values = turned(result);
  if (!wanted({ ...result, ...values }, now().filter)) focusBeside(id);
  void mark(id, values);
}

function focusBeside(id: string): void {
  const cards = [...document.querySelectorAll<HTMLElement>("[data-result]")];
  const place = cards.findIndex((card) => card.dataset.result === id);
  if (!cards[place]?.contains(document.activeElement)) return;
  const beside = cards[place + 1] ?? cards[place - 1];
  (beside?.querySelector("button") ?? document.querySelector<HTMLElement>(".board header input:checked"))?.focus();
}

function Waiting({ job }: { job: Job }) {
  const text = useText();
  return (
    <li className="card waiting">
      <progress max={1} value={job.state === "queued" ? undefined : job.progress} aria-label={text.jobs.states[job.state]} />
      <span className="quiet" role="status">
        {text.jobs.states[job.state]} {noteIn(job.note, text)}
      </span>
      <button type="button" onClick={() => void cancel(job.id)}>
        {text.jobs.cancel}
      </button>
    </li>
  );
}

function Card({ result }: { result: Result }) {
  const text = useText();
  const shown = useStore((state) => state.shown === result.id);
  const compared = useStore((state) => state.compare.includes(result.id));
  const look = useStore((state) => state.looks.find((item) => item.id === result.looks[0]?.look));
  const parts = useStore(partsOn);
  const caption = captionOf(result, look, text, parts);
  return (
    <li className={`card ${shown || compared ? "chosen" : ""}`} data-result={result.id}>
      <button type="button" aria-pressed={shown} aria-label={result.name} onClick={() => change({ shown: result.id, compare: [] })}>
        <img src={`${result.picture.thumbnail}?side=384`} alt="" loading="lazy" style={{ aspectRatio: Math.min(1.5, Math.max(0.7, result.picture.width / result.picture.height)) }} />
      </button>
      <p className="caption" title={caption}>
        {newColours(result.controls.palette).slice(0, 5).map((hex, index) => (
          <i key={`${hex}${index}`} style={{ background: hex }} />
        ))}
        <span>{caption}</span>
      </p>
      <div className="marks">
        <button type="button" aria-pressed={result.starred} aria-label={result.starred ? text.board.unstar : text.board.star} title={`${text.board.star} (S)`} onClick={() => star(result.id)}>
          {result.starred ? "★" : "☆"}
        </button>
        <button type="button" aria-pressed={result.rejected} aria-label={result.rejected ? text.board.unreject : text.board.reject} title={`${text.board.reject} (X)`} onClick={() => reject(result.id)}>
          ✕
        </button>
        <button type="button" aria-label={text.board.reroll} title={`${text.board.reroll} (R)`} onClick={() => void reroll(result)}>
          ↻
        </button>
        <button type="button" aria-pressed={compared} aria-label={text.board.compare} title={`${text.board.compare} (C)`} onClick={() => compareWith(result.id)}>
          ⇄
        </button>
      </div>
    </li>
  );
}
