/** What the designer does, as requests and changes of the state. */

import { all, get, patch, picture, post, ProblemError, put, remove, upload } from "../api/client";
import type { Controls, Garment, GarmentPart, Info, Job, JobRequest, Look, Model, Page, Part, Project, Result } from "../api/types";
import { alone, dressed as dressedIn, freed, fromPanels, KEEP, present } from "./byPart";
import { DEFAULTS } from "./defaults";
import { listen } from "./events";
import { inTurn } from "./latest";
import { caughtUp } from "./lists";
import { attempt, dismiss, listed, notice, tell } from "./notices";
import { within } from "./offset";
import { change, dressingOf, now, partsKey, partsOn, type State, withItem, without } from "./store";

const PROJECT = "muslin.project"; // of this tab: another tab may have another one open

export async function open(): Promise<void> {
  try {
    const info = await get<Info>("/v1/info");
    change({ info, failed: null });
    const own = sessionStorage.getItem(PROJECT);
    const projects = await all<Project>("/v1/projects");
    await openProject(projects.find((project) => project.id === own)?.id ?? info.project);
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
    const before = now();
    const info = await attempt(() => get<Info>("/v1/info"));
    if (!info) return;
    if (!info.samples) continue;
    const [garments, looks] = await Promise.all([all<Garment>(`/v1/garments?project=${before.project}`), all<Look>("/v1/looks")]);
    change((state) => ({
      info,
      looks: caughtUp(looks, before.looks, state.looks),
      ...(state.project === before.project ? { garments: caughtUp(garments, before.garments, state.garments) } : {}),
    }));
    return;
  }
}

let openings = 0;
let earlier: Promise<unknown> = Promise.resolve();

/** All jobs of the open project are known then, and not only the newest hundred. */
export const everyJob = () => earlier;

const listsOf = async (query: string) => {
  const [garments, looks, results] = await Promise.all([
    all<Garment>(`/v1/garments${query}`),
    all<Look>("/v1/looks"),
    all<Result>(`/v1/results${query}`),
  ]);
  return { garments, looks, results };
};

/** Also of the project that is open already: what is done on the page while the lists come is not lost. */
export async function openProject(project: string): Promise<void> {
  const turn = ++openings;
  const before = now();
  const query = `?project=${encodeURIComponent(project)}`;
  const { revision } = await get<Info>("/v1/info"); // before the lists: what changes while they come is told by events
  const [listed, models, lists, jobs] = await Promise.all([
    all<Project>("/v1/projects"),
    all<Model>("/v1/models"),
    listsOf(query),
    get<Page<Job>>(`/v1/jobs${query}`),
  ]);
  if (turn !== openings) return; // another one was chosen meanwhile
  sessionStorage.setItem(PROJECT, project);
  change((state) => {
    const again = before.project === project && state.project === project;
    const garments = again ? caughtUp(lists.garments, before.garments, state.garments) : lists.garments;
    const results = again ? caughtUp(lists.results, before.results, state.results) : lists.results;
    const projects = caughtUp(listed, before.projects, state.projects);
    const looks = caughtUp(lists.looks, before.looks, state.looks);
    const has = (items: { id: string }[], id: string | null) => items.some((item) => item.id === id);
    return {
      project,
      projects,
      models,
      garments,
      looks,
      results,
      jobs: { ...(state.project === project ? state.jobs : {}), ...byId(jobs.items) },
      garment: has(garments, state.garment) ? state.garment : null,
      parts: state.parts.filter((part) => has(looks, part.look)),
      controls: { ...state.controls, on: present(state.controls.on, looks) },
      shown: has(results, state.shown) ? state.shown : null,
      compare: state.compare.filter((id) => has(results, id)),
      masking: has(garments, state.masking) ? state.masking : null,
      orders: Object.fromEntries(Object.entries(state.orders).filter(([id]) => has(projects, id))),
    };
  });
  listen(project, revision);
  earlier = jobs.next ? earlierJobs(project, query, jobs.next) : Promise.resolve();
}

const byId = (jobs: Job[]) => Object.fromEntries(jobs.map((job) => [job.id, job]));

/** The page does not wait for them: they tell how its older variants were asked for. */
const earlierJobs = (project: string, query: string, cursor: string) =>
  attempt(async () => {
    const jobs = byId(await all<Job>(`/v1/jobs${query}`, cursor));
    change((state) => (state.project === project ? { jobs: { ...jobs, ...state.jobs } } : {}));
  });

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

/** Garment, cloths and controls of a result or of a restored picture. */
export function take(settings: { garment: string | null; looks: Part[]; controls: Controls }): void {
  const looks = settings.looks.filter((part) => now().looks.some((look) => look.id === part.look));
  const given = { ...DEFAULTS, ...settings.controls };
  const controls = { ...given, on: present(given.on, now().looks) };
  const gone = looks.length < settings.looks.length || Object.keys(controls.on).length < Object.keys(given.on).length;
  if (gone) tell({ words: "lookGone" });
  change((state) => ({
    garment: settings.garment ?? state.garment,
    parts: looks.length ? looks : state.parts,
    // A print that lies once is another picture elsewhere, also where the tools do not reach.
    controls: controls.repeat === "once" ? controls : { ...controls, offset: within(controls.offset, controls.repeat) },
  }));
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

/** The upper or the lower part of what somebody in the photo wears. */
export const wornPart = (id: string, part: "upper" | "lower") =>
  attempt(async () => keep(await post<Garment>(`/v1/garments/${id}/mask/part`, { part })));

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

/** Swatches, or garments' photos of which the cloth is cut; then the whole pictures can be had instead.
 *
 * The first comes on the desk, unless something else was chosen or is being painted meanwhile. */
export async function addLooks(files: File[]): Promise<void> {
  const before = dressed(now());
  const cut: Cut[] = [];
  let chosen = false;
  for (const file of files) {
    const look = await addLook(file);
    if (!look) continue;
    if (look.origin?.cut) cut.push({ look, file });
    if (!chosen && dressed(now()) === before && !now().masking) wear(look.id);
    chosen = true;
  }
  if (cut.length) tellCut(cut);
}

interface Cut {
  look: Look;
  file: File;
}

/** What a cloth that is chosen would replace. Another garment may be chosen: the cloth is for it too. */
const dressed = (state: State) => {
  const { project, parts, controls, shown } = state;
  return JSON.stringify([project, parts, controls.palette, controls.on, dressingOf(state), shown]);
};

async function addLook(file: File, shows: "auto" | "cloth" = "auto"): Promise<Look | undefined> {
  const look = await attempt(() => upload<Look>("/v1/looks", { file, shows }), file.name);
  if (look) change((state) => ({ looks: withItem(state.looks, look) }));
  return look;
}

/** One notice for all that came together: a notice each would push the others off the page. */
function tellCut(cut: Cut[]): void {
  const whole = async () => {
    dismiss(key);
    for (const { look, file } of cut) {
      const instead = await addLook(file, "cloth");
      if (!instead) continue;
      const { parts } = now();
      if (parts.length === 1 && parts[0]?.look === look.id) chooseLook(instead.id);
      exchange(look.id, instead.id);
      await removeLook(look.id);
    }
  };
  const key: number = tell({ words: cut.length > 1 ? "cuts" : "cut", about: listed(cut.map(({ file }) => file.name)), whole });
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
    change((state) => {
      const looks = without(state.looks, id);
      const controls = { ...state.controls, on: present(state.controls.on, looks) };
      return { looks, parts: state.parts.filter((part) => part.look !== id), controls };
    });
  });

/** Cloth that was cut out of a picture is laid as wide as it was there, until the width is changed. */
export function chooseLook(id: string): void {
  change((state) => {
    const own = (key?: string) => {
      const look = state.looks.find((item) => item.id === key);
      return look?.origin?.cut ? look.repeat_cm : null;
    };
    const kept = state.controls.print_cm === own(state.parts[0]?.look) ? null : state.controls.print_cm;
    const on = freed(state.controls.on, partsOn(state));
    return { parts: [{ look: id, weight: 1 }], shown: null, dressing: null, controls: { ...state.controls, palette: null, print_cm: own(id) ?? kept, on } };
  });
}

/** On the part that is being dressed, or else on the whole garment. */
export function wear(id: string): void {
  const part = dressingOf(now());
  if (part) dressPart(part, id);
  else chooseLook(id);
}

/** worn: a look, KEEP, or null: as the rest. Of a garment that has no cloth yet everything else stays as it is. */
export function dressPart(part: string, worn: string | null): void {
  change((state) => {
    const on = dressedIn(state.controls.on, part, worn);
    const first = worn && worn !== KEEP && !state.parts.length;
    return {
      ...(first ? { parts: [{ look: worn, weight: 1 }] } : {}),
      controls: { ...state.controls, on: first ? alone(on, part, partsOn(state) ?? []) : on },
      shown: null,
    };
  });
}

/** Everything but `part` as in the photo. */
export const keepElse = (part: string) => turn({ on: alone(now().controls.on, part, partsOn(now()) ?? []) });

/** One cloth for each panel becomes cloth by part, where each can be changed. */
export const partByPart = () =>
  change((state) => {
    const { parts, on } = fromPanels(state.parts, state.controls.on);
    return { parts, controls: { ...state.controls, mix: "overprint", on }, shown: null };
  });

function exchange(look: string, instead: string): void {
  change(({ controls }) => ({
    controls: { ...controls, on: Object.fromEntries(Object.entries(controls.on).map(([part, worn]) => [part, worn === look ? instead : worn])) },
  }));
}

/** Which parts a garment shows. Returns whether they are known. */
export async function findParts(garment: Garment): Promise<boolean> {
  const key = partsKey(garment);
  if (now().shownParts[key]) return true;
  const answer = await attempt(() => patiently(() => get<{ items: GarmentPart[] }>(`/v1/garments/${garment.id}/parts`)), garment.name);
  if (answer) change(({ shownParts }) => ({ shownParts: { ...shownParts, [key]: answer.items } }));
  return Boolean(answer);
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ProblemError && error.problem.status === 429)) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
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

type Marks = { starred?: boolean; rejected?: boolean };

const marking = new Map<string, Marks>(); // on their way

const sendMarks = inTurn<Marks>(async (id, values, last) => {
  const before = () => get<Result>(`/v1/results/${id}`).catch(() => undefined);
  const answer = (await attempt(() => patch<Result>(`/v1/results/${id}`, values))) ?? (await before());
  if (!last()) return;
  marking.delete(id);
  if (answer) keepResult(answer);
});

/** Seen at once: a key that is pressed twice quickly takes back what it did. */
export function mark(id: string, values: Marks): Promise<void> {
  marking.set(id, { ...marking.get(id), ...values });
  change((state) => ({ results: state.results.map((item) => (item.id === id ? { ...item, ...values } : item)) }));
  return sendMarks(id, values);
}

/** As the service tells it, but for marks that it has not heard of yet. */
export function keepResult(result: Result): void {
  change((state) => ({ results: withItem(state.results, { ...result, ...marking.get(result.id) }) }));
}

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
