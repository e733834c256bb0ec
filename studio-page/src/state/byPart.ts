/** Cloth by part: what the collar, the sleeves, ... wear instead of the garment's cloth, as the designer says it. */

import type { Controls, GarmentPart, Look, Part } from "../api/types";

export const KEEP = "keep"; // in place of a look: the photo's own cloth stays

type On = Controls["on"];

/** Parts that have a left and a right one, which go before both where they wear their own. */
export const SIDES: Record<string, readonly string[]> = {
  body: ["left-front", "right-front"],
  sleeves: ["left-sleeve", "right-sleeve"],
};

/** What a side is a side of. */
export const bothOf = (part: string) => Object.keys(SIDES).find((both) => SIDES[both]?.includes(part));

/** Whose cloth a part wears before the garment's: of a side that of both; the strip lies on the body. */
export const under = (part: string) => bothOf(part) ?? (part === "strip" ? "body" : undefined);

interface Worn {
  controls: Controls;
  parts: Part[];
  looks: Look[];
}

export type Rest = "once" | "panels" | "painted";

/** Why parts cannot wear their own cloth now. What they were given is kept meanwhile. */
export function rests({ controls, parts, looks }: Worn): Rest | null {
  const worn = looks.filter((look) => parts.some((part) => part.look === look.id));
  if (worn.some((look) => look.kind === "learned")) return "painted";
  if (controls.repeat === "once") return "once";
  const several = parts.length > 1 || worn.some((look) => look.kind === "mix");
  return controls.mix === "panels" && several ? "panels" : null;
}

/** The controls as the service is asked for them: without what rests, and of one cloth no word on how several mix. */
export function asked(worn: Worn): Controls {
  const { controls } = worn;
  if (!Object.keys(controls.on).length) return controls;
  return rests(worn) ? { ...controls, on: {} } : { ...controls, mix: "overprint" };
}

/** `part` in a look, or KEEP, or (null) as the rest again. Said of both sides it counts for each. */
export function dressed(on: On, part: string, worn: string | null): On {
  const replaced = [part, ...(worn ? (SIDES[part] ?? []) : [])];
  const left = Object.fromEntries(Object.entries(on).filter(([name]) => !replaced.includes(name)));
  return worn ? { ...left, [part]: worn } : left;
}

/** `part` as it is dressed, and everything else that the garment shows as in the photo. */
export function alone(on: On, part: string, shown: GarmentPart[]): On {
  const [own, both] = [on[part], bothOf(part)];
  const others = whole(shown).filter((name) => name !== part && name !== both);
  const sides = both ? (SIDES[both] ?? []).filter((side) => side !== part) : [];
  const there = (name: string) => shown.some((item) => item.name === name);
  const kept = [...others, ...sides.filter(there)].map((name) => [name, KEEP]);
  return { ...Object.fromEntries(kept), ...(own ? { [part]: own } : {}) };
}

/** Where a cloth is chosen for the whole garment and nothing of it would show, what was kept of the photo gives way. */
export function freed(on: On, shown: GarmentPart[] | undefined): On {
  const covered = (name: string) => on[name] || SIDES[name]?.every((side) => on[side]);
  if (!shown?.length || !whole(shown).every(covered)) return on;
  return Object.fromEntries(Object.entries(on).filter(([, worn]) => worn !== KEEP));
}

/** The parts that together are the garment. */
const whole = (shown: GarmentPart[]) => shown.map((item) => item.name).filter((name) => !under(name));

/** Without looks that are gone. */
export const present = (on: On, looks: { id: string }[]): On =>
  Object.fromEntries(Object.entries(on).filter(([, worn]) => worn === KEEP || looks.some((look) => look.id === worn)));

/** One cloth for each panel, said part by part: body in the first, sleeves in the second, trim in the third. */
export function fromPanels(parts: Part[], on: On): { parts: Part[]; on: On } {
  const order = [...parts].sort((a, b) => b.weight - a.weight);
  const [first, limbs] = order;
  const trim = order[2] ?? limbs;
  if (!first || !limbs || !trim) return { parts, on };
  const trims = ["collar", "pocket", "cuffs", "band", "trim"].map((name) => [name, trim.look]);
  return { parts: [{ look: first.look, weight: 1 }], on: { sleeves: limbs.look, ...Object.fromEntries(trims), ...on } };
}

/** Which chips to show: the sides only of what is being dressed, or where one wears its own; then what is not on this garment. */
export function chipsOf(shown: GarmentPart[], on: On, dressing: string | null): { name: string; item: GarmentPart | undefined }[] {
  const open = (both: string) => [both, ...(SIDES[both] ?? [])].includes(dressing ?? "") || SIDES[both]?.some((side) => on[side]);
  const two = (both: string) => SIDES[both]?.every((side) => shown.some((item) => item.name === side));
  const here = shown.filter(({ name }) => {
    const both = bothOf(name);
    return !both || on[name] || (open(both) && two(both));
  });
  const absent = Object.keys(on).filter((name) => !shown.some((item) => item.name === name));
  return [...here.map((item) => ({ name: item.name, item })), ...absent.map((name) => ({ name, item: undefined }))];
}
