/** Files from outside: photos become garments, pictures that muslin saved bring their settings back, ZIPs are projects.
 *
 * All of an upload goes where it was dropped, whatever is opened, chosen or painted while it is read. */

import { get, ProblemError, upload } from "../api/client";
import type { Garment, Project, Restored } from "../api/types";
import { saveMask, switchProject, take } from "./actions";
import { attempt, complain, listed, notice, tell } from "./notices";
import { change, now, subscribe, withItem } from "./store";

/** What was on the desk when the files came. */
interface Before {
  project: string;
  garment: string | null;
  shown: string | null;
}

/** Saved pictures that came together are put back one after another. led: the project that this has led to. */
interface Saved {
  led: string;
  last: Promise<unknown>;
}

export const isProject = (file: File) => /\.zip$/i.test(file.name);

export async function receive(files: File[]): Promise<void> {
  const before: Before = now();
  const saved: Saved = { led: before.project, last: Promise.resolve() };
  // A project is another desk: it is opened after the photos, which belong to this one.
  const inOrder = [...files.filter((file) => !isProject(file)), ...files.filter(isProject)];
  const added: File[] = [];
  reading(before.project, files.length);
  for (const file of inOrder) {
    try {
      if (isProject(file)) await importProject(file, before.project);
      else if ((await saysMuslin(file)) && (await restore(file, saved))) continue;
      else if (await addGarment(file, before, !added.length)) added.push(file);
    } finally {
      reading(before.project, -1);
    }
  }
  if (added.length) tellArrived(added, before.project);
}

/** Photos that came where nobody sees them: behind another room, or in a project that is no longer open. */
function tellArrived(added: File[], project: string): void {
  const about = listed(added.map((file) => file.name));
  if (now().project !== project) tell({ words: "arrivedThere", about });
  else if (now().section !== "restyle") tell({ words: "arrived", about });
}

function reading(project: string, more: number): void {
  change(({ uploading }) => ({ uploading: { ...uploading, [project]: (uploading[project] ?? 0) + more } }));
}

/** from: the project that was open when the file came. */
export const importProject = (file: File, from = now().project) =>
  attempt(async () => {
    const project = await upload<Project>("/v1/projects/import", { file });
    if (now().project === from && !now().masking) return void (await switchProject(project.id));
    change((state) => ({ projects: withItem(state.projects, project) }));
    tell({ words: "imported", about: project.name });
  }, file.name);

/** Returns whether there is a garment more. choose: it comes on the desk, unless something else was chosen meanwhile. */
async function addGarment(file: File, before: Before, choose: boolean): Promise<boolean> {
  const garment = await attempt(() => upload<Garment>("/v1/garments", { file, project: before.project }), file.name);
  if (!garment) return false;
  const { project, garment: at, shown, masking } = now();
  if (project !== before.project) return true; // its project lists it once it is opened again
  const untouched = at === before.garment && shown === before.shown && !masking;
  change((state) => ({ garments: withItem(state.garments, garment) }));
  if (choose && untouched) change({ garment: garment.id, shown: null, compare: [] });
  return true;
}

const LOOKED_AT = 1 << 19; // bytes at either end of a file, where settings are

/** Whether a file may carry settings; asking the service costs an upload. */
async function saysMuslin(file: File): Promise<boolean> {
  const ends = await Promise.all([file.slice(0, LOOKED_AT), file.slice(Math.max(0, file.size - LOOKED_AT))].map((part) => part.arrayBuffer()));
  return ends.some((bytes) => new TextDecoder("latin1").decode(bytes).includes("muslin"));
}

/** Returns whether the file is a picture that muslin saved of a garment that the studio knows. */
async function restore(file: File, saved: Saved): Promise<boolean> {
  try {
    const found = await upload<Restored>("/v1/settings", { file });
    for (const words of found.notes) notice(words);
    const { garment } = found;
    if (!garment) return false;
    saved.last = saved.last.then(nothingPainted).then(() => attempt(() => putBack(found, garment, saved, file.name), file.name));
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (error.problem.status === 422) return false; // a photo like any other
    complain(error.problem, file.name);
    return true;
  }
}

async function putBack(found: Restored, garment: string, saved: Saved, about: string): Promise<void> {
  if (now().project !== saved.led) return void tell({ words: "late", about });
  const owner = (await get<Garment>(`/v1/garments/${garment}`)).project;
  if (owner && owner !== saved.led) {
    await switchProject(owner);
    saved.led = now().project;
  }
  take(found);
  if (found.mask) await useMask(garment, found.mask);
  change({ shown: found.result, section: "restyle" });
  tell({ words: "restored" });
}

/** Once no mask is being painted: its garment must not be taken off the desk. */
function nothingPainted(): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (now().masking) return;
      stop();
      done();
    };
    const stop = subscribe(look);
    look();
  });
}

async function useMask(garment: string, sha256: string): Promise<void> {
  const current = now().garments.find((item) => item.id === garment);
  // What was painted by hand is not overwritten: it cannot be had back. The service's notes say that it is another.
  if (!current || current.mask.picture.sha256 === sha256 || current.mask.kind === "edited") return;
  await attempt(async () => saveMask(garment, await (await fetch(`/v1/files/${sha256}`)).blob()));
}
