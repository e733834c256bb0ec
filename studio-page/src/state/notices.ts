/** What is said at the foot of the page, and for how long. */

import { onReturn, ProblemError } from "../api/client";
import type { Problem } from "../api/types";
import { change, type Notice, now } from "./store";

type Said = Omit<Notice, "key">;

let noticeKey = 0;

const KEPT = 8; // notices, the oldest go first
const NAMED = 3; // files in a notice of many
const READ = 8000; // ms, after which what needs no answer goes by itself

export function notice(words: string): void {
  tell({ words });
}

/** A notice; what is no problem and offers nothing to do leaves by itself. Returns its key. */
export function tell(said: Said): number {
  const before = now().notices.find((item) => alike(item, said));
  if (before && said.problem) return renew(before, said);
  const key = ++noticeKey;
  change((state) => ({ notices: [...state.notices.filter((item) => item !== before), { ...said, key }].slice(-KEPT) }));
  if (!said.problem && !said.whole) setTimeout(() => dismiss(key), READ);
  return key;
}

/** What fails again at each step of a slider is said once, with the newest numbers, in the same place. */
function renew({ key }: Notice, said: Said): number {
  change((state) => ({ notices: state.notices.map((item) => (item.key === key ? { ...said, key } : item)) }));
  return key;
}

function alike(a: Said, b: Said): boolean {
  const heart = ({ problem, about, words }: Said) => JSON.stringify([problem?.type, problem?.title, about, words]);
  return !a.whole && !b.whole && heart(a) === heart(b);
}

/** The first few names, and how many more. */
export function listed(names: string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? ` +${more}` : "");
}

export function complain(problem: Problem, about = ""): void {
  tell({ problem, about });
}

export function dismiss(key: number): void {
  change((state) => ({ notices: state.notices.filter((item) => item.key !== key) }));
}

onReturn(() => change((state) => ({ notices: state.notices.filter((item) => item.problem?.type !== "urn:muslin:offline") })));

/** Run `work`; a problem is shown, and gives undefined. about: the file that is worked on. */
export async function attempt<T>(work: () => Promise<T>, about = ""): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProblemError) complain(error.problem, about);
    else throw error;
    return undefined;
  }
}
