/** What the designer does, as requests and changes of the state. */

import { all, get, patch, picture, post, ProblemError, put, remove, upload } from "../api/client";
import type { Controls, Garment, Info, Job, JobRequest, Look, Model, Part, Problem, Project, Restored, Result } from "../api/types";
import { listen } from "./events";
import { inTurn } from "./latest";
import { change, DEFAULTS, lockedOf, type Notice, now, withItem, without } from "./store";

let noticeKey = 0;

export function notice(words: string): void {
  tell({ words });
}

const KEPT = 8; // notices, the oldest go first
const READ = 8000; // ms, after which what needs no answer goes by itself

/** A notice; what is no problem and offers nothing to do leaves by itself. Returns its key. */
function tell(said: Omit<Notice, "key">): number {
  const key = ++noticeKey;
  change((state) => ({ notices: [...state.notices, { ...said, key }].slice(-KEPT) }));
  if (!said.problem && !said.whole) setTimeout(() => dismiss(key), READ);
  return key;
}

export function complain(problem: Problem, about = ""): void {
  tell({ problem, about });
}

export function dismiss(key: number): void {
  change((state) => ({ notices: state.notices.filter((item) => item.key !== key) }));
}

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

export async function open(): Promise<void> {
  try {
    const info = await get<Info>("/v1/info");
    change({ info, failed: null });
    await openProject(info.project);
    if (!info.samples) void awaitSamples();
  } catch (error) {
    if (error instanceof ProblemError) change({ failed: error.problem });
    else throw error;
  }
}

/** At the very first start the samples are still being made; they come in as soon as they are. */
async function awaitSamples(): Promise<void> {
  for (;;) {
    await new Promise((done) => setTimeout(done, 1500));
    const info = await attempt(() => get<Info>("/v1/info"));
    if (!info) return;
    if (!info.samples) continue;
    const [garments, looks] = await Promise.all([all<Garment>(`/v1/garments?project=${now().project}`), all<Look>("/v1/looks")]);
    change({ info, garments, looks });
    return;
  }
}

export async function openProject(project: string): Promise<void> {
  const query = `?project=${encodeURIComponent(project)}`;
  const { revision } = await get<Info>("/v1/info"); // before the lists: what changes while they come is told by events
  const [projects, models, garments, looks, results, jobs] = await Promise.all([
    all<Project>("/v1/projects"),
    all<Model>("/v1/models"),
    all<Garment>(`/v1/garments${query}`),
    all<Look>("/v1/looks"),
    all<Result>(`/v1/results${query}`),
    get<{ items: Job[] }>(`/v1/jobs${query}`),
  ]);
  const known = new Set(garments.map((garment) => garment.id));
  const cloths = new Set(looks.map((look) => look.id));
  change((state) => ({
    project,
    projects,
    models,
    garments,
    looks,
    results,
    jobs: Object.fromEntries(jobs.items.map((job) => [job.id, job])),
    garment: state.garment && known.has(state.garment) ? state.garment : null,
    parts: state.parts.filter((part) => cloths.has(part.look)),
    shown: results.some((result) => result.id === state.shown) ? state.shown : null,
    compare: state.compare.filter((id) => results.some((result) => result.id === id)),
  }));
  listen(project, revision);
}

/** Whoever comes back to the page finds what others, or another tab, have made of the studio meanwhile. */
export async function comeBack(): Promise<void> {
  const { project } = now();
  if (!project) return;
  const projects = await all<Project>("/v1/projects").catch(() => null); // a studio that was closed says so by itself
  if (projects) await attempt(() => (projects.some((item) => item.id === project) ? openProject(project) : open()));
}

export const switchProject = (id: string) =>
  attempt(async () => {
    await patch(`/v1/projects/${id}`, { opened: true });
    await openProject(id);
  });

export const newProject = (name: string) =>
  attempt(async () => switchProject((await post<Project>("/v1/projects", { name })).id));

export const renameProject = (id: string, name: string) =>
  attempt(async () => {
    const project = await patch<Project>(`/v1/projects/${id}`, { name });
    change((state) => ({ projects: withItem(state.projects, project) }));
  });

export const deleteProject = (id: string) =>
  attempt(async () => {
    await remove(`/v1/projects/${id}`);
    await open();
  });

export const importProject = (file: File) =>
  attempt(async () => switchProject((await upload<Project>("/v1/projects/import", { file })).id), file.name);

/** Photos become garments. A picture that muslin saved brings its settings back instead. */
export async function receive(files: File[]): Promise<void> {
  change((state) => ({ uploading: state.uploading + files.length }));
  for (const file of files) {
    try {
      if (file.name.endsWith(".zip")) await importProject(file);
      else if (!(await saysMuslin(file)) || !(await restore(file))) await addGarment(file);
    } finally {
      change((state) => ({ uploading: state.uploading - 1 }));
    }
  }
}

const LOOKED_AT = 1 << 19; // bytes at either end of a file, where settings are

/** Whether a file may carry settings; asking the service costs an upload. */
async function saysMuslin(file: File): Promise<boolean> {
  const ends = await Promise.all([file.slice(0, LOOKED_AT), file.slice(Math.max(0, file.size - LOOKED_AT))].map((part) => part.arrayBuffer()));
  return ends.some((bytes) => new TextDecoder("latin1").decode(bytes).includes("muslin"));
}

async function restore(file: File): Promise<boolean> {
  try {
    const found = await upload<Restored>("/v1/settings", { file });
    for (const words of found.notes) notice(words);
    if (!found.garment) return false;
    const { project } = await get<Garment>(`/v1/garments/${found.garment}`);
    if (project && project !== now().project) await switchProject(project);
    take(found);
    const mask = found.mask;
    if (mask) await useMask(found.garment, mask);
    change({ shown: found.result, section: "restyle" });
    tell({ words: "restored" });
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 422) return false; // a photo like any other
    if (error instanceof ProblemError) complain(error.problem);
    else throw error;
    return true;
  }
}

async function useMask(garment: string, sha256: string): Promise<void> {
  const current = now().garments.find((item) => item.id === garment);
  // What was painted by hand is not overwritten: it cannot be had back. The service's notes say that it is another.
  if (!current || current.mask.picture.sha256 === sha256 || current.mask.kind === "edited") return;
  await attempt(async () => saveMask(garment, await (await fetch(`/v1/files/${sha256}`)).blob()));
}

/** Garment, cloths and controls of a result or of a restored picture. */
export function take(settings: { garment: string | null; looks: Part[]; controls: Controls }): void {
  const looks = settings.looks.filter((part) => now().looks.some((look) => look.id === part.look));
  if (looks.length < settings.looks.length) tell({ words: "lookGone" });
  change((state) => ({
    garment: settings.garment ?? state.garment,
    parts: looks.length ? looks : state.parts,
    controls: { ...DEFAULTS, ...settings.controls },
  }));
}

async function addGarment(file: File): Promise<void> {
  const garment = await attempt(() => upload<Garment>("/v1/garments", { file, project: now().project }), file.name);
  if (garment) change((state) => ({ garments: withItem(state.garments, garment), garment: garment.id, shown: null }));
}

export const removeGarment = (id: string) =>
  attempt(async () => {
    await unlessGone(remove(`/v1/garments/${id}`));
    change((state) => ({
      garments: without(state.garments, id),
      garment: state.garment === id ? null : state.garment,
    })); // its pictures stay: in Deliver, where the service keeps them
  });

/** Another tab may have deleted it already. */
async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ProblemError && error.problem.status === 404)) throw error;
  }
}

type Named = { name?: string; length_cm?: number };

const sendGarment = inTurn<Named>(async (id, values, last) => {
  const before = () => get<Garment>(`/v1/garments/${id}`).catch(() => undefined); // what was refused is not kept on the page
  const answer = (await attempt(() => patch<Garment>(`/v1/garments/${id}`, values))) ?? (await before());
  if (answer && last()) keep(answer);
});

/** Seen at once; the service is told in the order in which it was meant. */
export function patchGarment(id: string, values: Named): Promise<void> {
  change((state) => ({ garments: state.garments.map((item) => (item.id === id ? { ...item, ...values } : item)) }));
  return sendGarment(id, values);
}

export async function saveMask(id: string, mask: Blob): Promise<Garment> {
  return keep(await put<Garment>(`/v1/garments/${id}/mask`, mask.type === "image/png" ? mask : new Blob([mask], { type: "image/png" })));
}

export const automaticMask = (id: string) => attempt(async () => keep(await remove<Garment>(`/v1/garments/${id}/mask`)));

export const copyMask = (id: string, to: string[], said: (count: number) => string) =>
  attempt(async () => {
    const answer = await post<{ done: string[]; failed: { garment: string; problem: string }[] }>(`/v1/garments/${id}/mask/copy`, { to });
    for (const failed of answer.failed) notice(`${nameOf(failed.garment)}: ${failed.problem}`);
    for (const done of answer.done) keep(await get<Garment>(`/v1/garments/${done}`));
    if (answer.done.length) notice(said(answer.done.length));
  });

const nameOf = (garment: string) => now().garments.find((item) => item.id === garment)?.name ?? garment;

function keep(garment: Garment): Garment {
  change((state) => ({ garments: withItem(state.garments, garment) }));
  return garment;
}

/** A swatch, or a garment's photo of which the cloth is cut; then the whole picture can be had instead. */
export async function addLook(file: File, shows: "auto" | "cloth" = "auto"): Promise<Look | undefined> {
  const look = await attempt(() => upload<Look>("/v1/looks", { file, shows }), file.name);
  if (look) {
    change((state) => ({ looks: withItem(state.looks, look) }));
    chooseLook(look.id);
    if (look.origin?.cut) {
      const whole = async () => {
        dismiss(key);
        if (await addLook(file, "cloth")) await removeLook(look.id);
      };
      const key: number = tell({ words: "cut", about: file.name, whole });
    }
  }
  return look;
}

/** Of a picture that was taken for cloth: the cloth of the garment which it shows, as another look. */
export const cutLook = (look: Look, name: string) =>
  attempt(async () => {
    const file = await picture(look.picture.url, look.name);
    const cut = await upload<Look>("/v1/looks", { file, shows: "garment", name: name.slice(0, 200) });
    change((state) => ({ looks: withItem(state.looks, cut) }));
    chooseLook(cut.id);
  }, look.name);

export const patchLook = (id: string, values: { name: string }) =>
  attempt(async () => {
    const look = await patch<Look>(`/v1/looks/${id}`, values);
    change((state) => ({ looks: withItem(state.looks, look) }));
  });

export const removeLook = (id: string) =>
  attempt(async () => {
    await unlessGone(remove(`/v1/looks/${id}`));
    change((state) => ({ looks: without(state.looks, id), parts: state.parts.filter((part) => part.look !== id) }));
  });

/** Cloth that was cut out of a picture is laid as wide as it was there, until the width is changed. */
export function chooseLook(id: string): void {
  change((state) => {
    const own = (key?: string) => {
      const look = state.looks.find((item) => item.id === key);
      return look?.origin?.cut ? look.repeat_cm : null;
    };
    const kept = state.controls.print_cm === own(state.parts[0]?.look) ? null : state.controls.print_cm;
    return { parts: [{ look: id, weight: 1 }], shown: null, controls: { ...state.controls, palette: null, print_cm: own(id) ?? kept } };
  });
}

export function addPart(id: string): void {
  change((state) => {
    if (state.parts.some((part) => part.look === id)) {
      return state.parts.length > 1 ? { parts: state.parts.filter((part) => part.look !== id), shown: null } : {};
    }
    return state.parts.length < 4 ? { parts: [...state.parts, { look: id, weight: 1 }], shown: null } : {};
  });
}

export function weigh(id: string, weight: number): void {
  change((state) => ({ parts: state.parts.map((part) => (part.look === id ? { ...part, weight } : part)), shown: null }));
}

export const saveMix = (name: string, parts: Part[]) =>
  attempt(async () => {
    const look = await post<Look>("/v1/looks/mix", { name, parts, mix: now().controls.mix });
    change((state) => ({ looks: withItem(state.looks, look) }));
    return look;
  });

export function turn(values: Partial<Controls>): void {
  change((state) => ({ controls: { ...state.controls, ...values }, shown: null }));
}

export function submit(request: JobRequest): Promise<Job | undefined> {
  // One key for one press: a retry of the same request finds the same job.
  const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return attempt(async () => {
    const job = await post<Job>("/v1/jobs", request, { "Idempotency-Key": key });
    change((state) => ({ jobs: { ...state.jobs, [job.id]: state.jobs[job.id] ?? job } }));
    return job;
  });
}

export function variants(count = 4, more: { start?: number; seed?: number } = {}): Promise<Job | undefined> {
  const { project, garment, parts, controls, varyColours } = now();
  const lock = varyColours && parts.length === 1 ? lockedOf(now(), parts[0]?.look) : [];
  if (!garment || !parts.length) return Promise.resolve(undefined);
  const vary: ("print" | "palette")[] = varyColours ? ["print", "palette"] : ["print"];
  const asked = { kind: "restyle" as const, project, garments: [garment], looks: parts, controls, seed: 0, vary, lock };
  return submit({ ...asked, variants: count, start: count > 1 ? following(asked) : 0, ...more });
}

/** Where to go on, if the same was asked before: the first variant that has not been made. */
function following(asked: { garments: string[]; looks: Part[]; controls: Partial<Controls>; seed: number; vary: string[]; lock: string[] }): number {
  const words = ({ garments, looks, controls, seed, vary, lock }: typeof asked) => sorted([garments, looks, controls, seed, vary, lock]);
  const ends = Object.values(now().jobs).map(({ request, state }) => {
    const same = request.kind === "restyle" && state !== "failed" && state !== "cancelled" && words({ ...asked, ...request }) === words(asked);
    return same ? (request.start ?? 0) + (request.variants ?? 1) : 0;
  });
  return Math.max(0, ...ends);
}

/** JSON whose keys do not depend on who wrote it. */
const sorted = (value: unknown) =>
  JSON.stringify(value, (_, item: unknown) =>
    item && typeof item === "object" && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );

/** The next four of the same family as `result`. */
export function reroll(result: Result): Promise<Job | undefined> {
  const job = now().jobs[result.job];
  if (job?.request.kind !== "restyle") return variants(4, { seed: result.seed + 1 });
  const numbers = now().results.filter((other) => sameFamily(other, result)).map((other) => other.number);
  return submit({ ...job.request, garments: [result.garment], start: Math.max(...numbers) + 1, variants: 4 });
}

const sameFamily = (a: Result, b: Result) =>
  a.garment === b.garment && a.seed === b.seed && JSON.stringify(a.looks) === JSON.stringify(b.looks);

export const mark = (id: string, values: { starred?: boolean; rejected?: boolean; note?: string }) =>
  attempt(async () => {
    const result = await patch<Result>(`/v1/results/${id}`, values);
    change((state) => ({ results: withItem(state.results, result) }));
  });

export const cancel = (job: string) => attempt(async () => keepJob(await remove<Job>(`/v1/jobs/${job}`)));
export const stop = (job: string) => attempt(async () => keepJob(await post<Job>(`/v1/jobs/${job}/stop`, {})));
export const resume = (job: string) => attempt(async () => keepJob(await post<Job>(`/v1/jobs/${job}/resume`, {})));

function keepJob(job: Job): void {
  change((state) => ({ jobs: { ...state.jobs, [job.id]: job } }));
}

export async function copyText(text: string, said: string): Promise<void> {
  // Browsers give the clipboard to pages of this computer; over a network only to encrypted ones.
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else {
    const field = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  notice(said);
}
