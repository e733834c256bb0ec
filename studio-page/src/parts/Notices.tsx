/** What went wrong or was done, in words, at the foot of the page. */

import type { Problem } from "../api/types";
import { dismiss } from "../state/actions";
import { useStore } from "../state/store";
import { type Text, useText } from "../text";

export function inWords(problem: Problem, text: Text): string {
  return text.problems[problem.type] ?? translated(problem.title, text);
}

/** A sentence of the engine in the page's language, as far as it is known there. */
export function translated(sentence: string, text: Text): string {
  for (const [known, words] of Object.entries(text.engine)) {
    const [before = "", after] = known.split("{}");
    if (after === undefined ? sentence === known : sentence.startsWith(before) && sentence.endsWith(after)) {
      return after === undefined ? words : words.replace("{}", sentence.slice(before.length, sentence.length - after.length));
    }
  }
  return sentence;
}

export function ProblemText({ problem }: { problem: Problem }) {
  const text = useText();
  const title = inWords(problem, text);
  const detail = translated(problem.title, text);
  return (
    <>
      <strong>{title}</strong>
      {detail !== title && detail && <span>{detail}</span>}
      {problem.errors?.map((error) => <span key={error.where}>{`${error.where}: ${error.message}`}</span>)}
      {problem.received && <span>{problem.received}</span>}
      {problem.advice && <span>{translated(problem.advice, text)}</span>}
    </>
  );
}

export function Notices() {
  const text = useText();
  const notices = useStore((state) => state.notices);
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.key} className={notice.problem ? "notice problem" : "notice"}>
          <p>
            {notice.problem ? <ProblemText problem={notice.problem} /> : notice.words === "restored" ? text.restored : notice.words}
          </p>
          <button type="button" className="plain" onClick={() => dismiss(notice.key)}>
            {text.shell.dismiss}
          </button>
        </div>
      ))}
    </div>
  );
}
