/** One training: how far it is, what it makes by now, and in the end a verdict in words. */

import type { Job } from "../api/types";
import { ProblemText } from "../parts/Notices";
import { isAtWork, noteIn } from "../restyle/Board";
import { cancel, copyText, resume, stop } from "../state/actions";
import { change, useStore } from "../state/store";
import { lookName, type Text, useText } from "../text";
import { translated } from "../text/engine";

export function Training({ job }: { job: Job }) {
  const text = useText();
  const looks = useStore((state) => state.looks).filter((look) => job.looks.includes(look.id));
  const last = job.samples.at(-1);
  const name = job.request.kind === "train" ? lookName(job.request.name, text) : text.jobs.kinds.train;
  const verdict = job.state === "done" ? verdictOf(job, text) : null;
  return (
    <section className="training" aria-label={text.jobs.kinds.train}>
      <header>
        <h2>{name}</h2>
        <span className="quiet" role="status">
          {/* Why a training ended says more than that it ended. */}
          {job.state === "cancelled" && job.note ? noteIn(job.note, text) : text.jobs.states[job.state]}
          {job.state !== "cancelled" && job.note && job.progress > 0 && ` · ${noteIn(job.note, text)}`}
        </span>
        <span className="actions">
          {job.state === "running" && (
            <button type="button" onClick={() => void stop(job.id)}>
              {text.train.stop}
            </button>
          )}
          {job.state === "queued" && (
            <button type="button" onClick={() => void cancel(job.id)}>
              {text.jobs.cancel}
            </button>
          )}
          {job.resumable && !isAtWork(job) && (
            <button type="button" className="main" onClick={() => void resume(job.id)}>
              {text.train.resume}
            </button>
          )}
        </span>
      </header>
      {isAtWork(job) && <progress max={1} value={job.progress || undefined} aria-label={text.jobs.states[job.state]} />}
      {job.state === "running" && !job.progress && <p className="quiet">{text.train.preparing}</p>}
      {verdict && <p className="verdict">{verdict}</p>}
      {job.problem && (
        <p className="warn">
          <ProblemText problem={job.problem} />
        </p>
      )}
      {looks.length > 0 && (
        <>
          <p className="quiet">{text.train.ready}</p>
          <ul className="swatches">
            {looks.map((look) => (
              <li key={look.id}>
                <button
                  type="button"
                  aria-label={text.looks.choose(look.name)}
                  onClick={() => change({ section: "restyle", parts: [{ look: look.id, weight: 1 }], shown: null })}
                >
                  <img src={`${look.picture.thumbnail}?side=256`} alt="" />
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {last && <img className="sample" src={last.url} alt={text.train.samples} />}
      {job.samples.length > 1 && (
        <ul className="samples" tabIndex={0} aria-label={text.train.samples}>
          {job.samples.map((picture) => (
            <li key={picture.sha256}>
              <img src={`${picture.thumbnail}?side=128`} alt="" />
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>{text.shell.more}</summary>
        {job.log.map((line, index) => (
          // biome-ignore lint: a log's lines have no other name than their place
          <p key={`${index}${line}`} className="quiet">
            {translated(line, text)}
          </p>
        ))}
        <button type="button" className="plain small" onClick={() => void copyText(job.command, text.stage.copied)}>
          {text.stage.copyCommand}
        </button>
      </details>
    </section>
  );
}

/** The run's verdict ("Still learning: ...") in a designer's words; a kind this page does not know is said as it came. */
export function verdictOf(job: Pick<Job, "log">, text: Text): string | null {
  for (const line of [...job.log].reverse()) {
    const kind = line.slice(0, Math.max(0, line.indexOf(":"))).toLowerCase();
    if (text.train.verdicts[kind]) return text.train.verdicts[kind];
  }
  return job.log.at(-1) ?? null;
}
