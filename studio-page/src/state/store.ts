/** What the page knows: the service's objects, and what the designer has chosen. One store, read by selectors. */

import { useSyncExternalStore } from "react";
import type { Controls, Deliver, Garment, GarmentPart, Info, Job, Look, Model, Part, Problem, Project, Result } from "../api/types";
import { DEFAULTS } from "./defaults";

export type Section = "restyle" | "prints" | "train" | "deliver";
export type Filter = "all" | "starred" | "rejected";

export interface Notice {
  key: number;
  problem?: Problem;
  about?: string; // the file that it concerns
  words?: string;
  whole?: () => void; // takes the whole picture, of which the cloth was cut
}

/** What is being got ready on the page of trainings. set: null while none is chosen, "newest" until one ever was. */
export interface Teaching {
  set: string | null;
  name: string;
  minutes: string;
}

/** What is being got ready in Deliver, as far as it was touched. */
export interface Order {
  which: "starred" | "all";
  format: Deliver;
  title: string;
  ppi: string;
  template: string;
  strip: boolean;
  left: string[]; // results that are not taken along
  batch: string[]; // garments to restyle as the desk's
}

export interface State {
  info: Info | null;
  projects: Project[];
  project: string;
  models: Model[];
  garments: Garment[];
  looks: Look[];
  results: Result[];
  jobs: Record<string, Job>;
  section: Section;
  garment: string | null;
  parts: Part[];
  controls: Controls;
  byPart: boolean; // the parts are laid open
  dressing: { garment: string; part: string } | null; // the part that cloths are being chosen for
  pointed: string | null; // the part that is pointed at
  shownParts: Record<string, GarmentPart[]>; // what garments show, by garment and mask
  shown: string | null; // a result on the stage; null: the live preview
  compare: string[]; // none, the first, or both results to compare
  filter: Filter;
  varyColours: boolean;
  locked: { look: string; colours: string[] } | null; // colours of a cloth that stay while others change
  teaching: Teaching;
  orders: Record<string, Partial<Order>>; // by project
  uploading: Record<string, number>; // photos on their way, by project
  masking: string | null; // the garment whose mask is being painted
  notices: Notice[];
  failed: Problem | null; // why the page could not open
}

const SECTIONS: Section[] = ["restyle", "prints", "train", "deliver"];

/** The room that an address names (#prints). */
export const roomIn = (hash: string) => SECTIONS.find((section) => hash === `#${section}`) ?? null;

/** What survives a reload on the page's side; everything else lives in the service. */
const KEPT = ["section", "garment", "parts", "controls", "byPart", "shown", "filter", "varyColours", "locked", "teaching", "orders"] as const;
const KEY = "muslin.desk"; // of this tab; a new one begins with what was on the desk last, in whichever tab

const initial: State = {
  info: null,
  projects: [],
  project: "",
  models: [],
  garments: [],
  looks: [],
  results: [],
  jobs: {},
  section: "restyle",
  garment: null,
  parts: [],
  controls: DEFAULTS,
  byPart: false,
  dressing: null,
  pointed: null,
  shownParts: {},
  shown: null,
  compare: [],
  filter: "all",
  varyColours: false,
  locked: null,
  teaching: { set: "newest", name: "my-look", minutes: "30" },
  orders: {},
  uploading: {},
  masking: null,
  notices: [],
  failed: null,
};

function restored(): Partial<State> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "{}") as Partial<State>;
    return { ...kept, section: roomIn(location.hash) ?? kept.section ?? initial.section, controls: { ...DEFAULTS, ...kept.controls } };
  } catch {
    return {};
  }
}

let state: State = { ...initial, ...restored() };
const listeners = new Set<() => void>();

export const now = (): State => state;

export function change(update: Partial<State> | ((state: State) => Partial<State>)): void {
  state = { ...state, ...(typeof update === "function" ? update(state) : update) };
  const kept = JSON.stringify(Object.fromEntries(KEPT.map((name) => [name, state[name]])));
  sessionStorage.setItem(KEY, kept);
  localStorage.setItem(KEY, kept);
  for (const listener of listeners) listener();
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Part of the state. `select` must give back the same object while nothing changed. */
export function useStore<T>(select: (state: State) => T): T {
  return useSyncExternalStore(subscribe, () => select(state));
}

/** `item` in the place of its former self, or in front. */
export function withItem<T extends { id: string }>(items: T[], item: T): T[] {
  const place = items.findIndex((other) => other.id === item.id);
  return place < 0 ? [item, ...items] : items.map((other, index) => (index === place ? item : other));
}

export const without = <T extends { id: string }>(items: T[], id: string): T[] => items.filter((item) => item.id !== id);

const NONE: string[] = [];

/** The colours of a look that the designer keeps. */
export const lockedOf = ({ locked }: State, look: string | undefined): string[] => (locked && locked.look === look ? locked.colours : NONE);

/** The part whose cloth is being chosen; null: the whole garment's. Left by choosing another garment, or another room. */
export const dressingOf = ({ dressing, garment, section, byPart }: State): string | null =>
  dressing && byPart && section === "restyle" && dressing.garment === garment ? dressing.part : null;

/** The key of `shownParts`: another mask may show other parts. */
export const partsKey = (garment: Garment) => `${garment.id} ${garment.mask.picture.sha256}`;

export const partsOn = ({ garments, garment, shownParts }: State): GarmentPart[] | undefined => {
  const worn = garments.find((item) => item.id === garment);
  return worn && shownParts[partsKey(worn)];
};
