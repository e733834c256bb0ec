/** More of the same: variants of what is on the desk, and of a result's own family. */

import type { Job, JobRequest, Result } from "../api/types";
import { everyJob, submit } from "./actions";
import { asked as askedFor } from "./byPart";
import { DEFAULTS } from "./defaults";
import { lockedOf, now } from "./store";

type Restyle = Extract<JobRequest, { kind: "restyle" }>;

export async function variants(count = 4): Promise<Job | undefined> {
  const { project, garment, parts, varyColours } = now();
  const controls = askedFor(now());
  const lock = varyColours && parts.length === 1 ? lockedOf(now(), parts[0]?.look) : [];
  if (!garment || !parts.length) return undefined;
  const vary: ("print" | "palette")[] = varyColours ? ["print", "palette"] : ["print"];
  const asked = { kind: "restyle" as const, project, garments: [garment], looks: parts, controls, seed: 0, vary, lock };
  return submit({ ...asked, variants: count, start: count > 1 ? await following(asked) : 0 });
}

/** Where to go on, if the same was asked before: the first variant that has not been made. */
async function following(asked: Restyle): Promise<number> {
  await everyJob();
  const ends = Object.values(now().jobs).map(({ request, state }) => {
    const same = request.kind === "restyle" && state !== "failed" && state !== "cancelled" && words({ ...asked, ...request }) === words(asked);
    return same ? endOf(request) : 0;
  });
  return Math.max(0, ...ends);
}

/** Jobs of before a control was there say nothing of it. */
const words = ({ garments, looks, controls, seed, vary, lock }: Restyle) => sorted([garments, looks, { ...DEFAULTS, ...controls }, seed, vary, lock]);
const endOf = (request: Restyle) => (request.start ?? 0) + (request.variants ?? 1);

/** JSON whose keys do not depend on who wrote it. */
const sorted = (value: unknown) =>
  JSON.stringify(value, (_, item: unknown) =>
    item && typeof item === "object" && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );

/** The next four of the same family as `result`; of one that has none (a colourway, an imported project's) four around it. */
export async function reroll(result: Result): Promise<Job | undefined> {
  await everyJob();
  const request = now().jobs[result.job]?.request;
  const asked = request?.kind === "restyle" ? { ...request, garments: [result.garment] } : around(result);
  const made = request?.kind === "restyle" ? endOf(request) : 1; // 0 is the result itself
  return submit({ ...asked, variants: 4, start: Math.max(made, await following(asked)) });
}

function around({ garment, looks, controls, seed }: Result): Restyle {
  return { kind: "restyle", project: now().project, garments: [garment], looks, controls, seed, vary: ["print"], lock: [] };
}
