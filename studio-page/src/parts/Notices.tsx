/** What went wrong or was done, in words, at the foot of the page. */

import type { Problem } from "../api/types";
import { dismiss } from "../state/notices";
import { useStore } from "../state/store";
import { type Text, useText } from "../text";
import { translated } from "../text/engine";

export function inWords(problem: Problem, text: Text): string {
  return text.problems[problem.type] ?? translated(problem.title, text);
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
      {problem.received && <span>{translated(String(problem.received), text)}</span>}
      {problem.advice && <span>{translated(problem.advice, text)}</span>}
      {problem.possible && <span>{[problem.possible].flat().map((part) => translated(part, text)).join(", ")}</span>}
    </>
  );
}

function said(words: string | undefined, text: Text): string | undefined {
  const ours = { restored: text.restored, late: text.late, imported: text.imported, arrived: text.arrived, arrivedThere: text.arrivedThere, cut: text.looks.cut, cuts: text.looks.cuts, lookGone: text.looks.gone };
  return words && words in ours ? ours[words as keyof typeof ours] : words;
}

export function Notices() {
  const text = useText();
  const notices = [...useStore((state) => state.notices)].reverse(); // the newest is seen without scrolling
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.key} className={notice.problem ? "notice problem" : "notice"}>
          <p>
            {notice.about && <span>{notice.about}</span>}
            {notice.problem ? <ProblemText problem={notice.problem} /> : said(notice.words, text)}
          </p>
          {notice.whole && (
            <button type="button" onClick={notice.whole}>
              {notice.words === "cuts" ? text.looks.wholes : text.looks.whole}
            </button>
          )}
          <button type="button" className="plain" onClick={() => dismiss(notice.key)}>
            {text.shell.dismiss}
          </button>
        </div>
      ))}
    </div>
  );
}
