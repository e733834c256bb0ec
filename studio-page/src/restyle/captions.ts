/** What a variant is, and how two differ, in a designer's words. */

import type { GarmentPart, Look, Result } from "../api/types";
import type { Text } from "../text/en";
import { KEEP } from "../state/byPart";
import { called, partName } from "../text/names";

const percent = (share: number) => `${Math.round(share * 100)} %`;
const degrees = (turned: number) => `${Math.round(((((turned + 180) % 360) + 360) % 360) - 180)}°`;
const centimetres = (cm: number) => Number(cm.toFixed(cm < 10 ? 1 : 0));

/** The new colours of a palette's words: "#old=#new" and "#new"; what is kept is not among them. */
export function newColours(palette: string[] | null): string[] {
  return (palette ?? []).map((word) => word.split("=").at(-1) ?? "").filter((word) => word.startsWith("#"));
}

/** Short, for below a picture: what sets it apart from the others of its family. */
export function captionOf(result: Result, look: Look | undefined, text: Text, parts?: GarmentPart[]): string {
  const { controls } = result;
  const apart = Object.keys(controls.on ?? {}).map((name) => partName(name, text, parts));
  const weaker = controls.strength < 1 ? [`${text.controls.strength} ${percent(controls.strength)}`] : [];
  if (look?.kind === "learned") {
    if (look.origin?.drawing) return [controls.palette ? text.looks.colour : text.palette.own, ...weaker].join(" · ");
    if (look.origin?.recipe === "stargan_v2") return [`${text.prints.seed} ${result.seed}`, ...weaker].join(" · ");
    return `${text.controls.strength} ${percent(controls.strength)}`;
  }
  const turned = degrees(controls.rotation);
  return [
    text.stage.ruler(centimetres(result.print_cm)),
    ...(turned === "0°" ? [] : [turned]),
    ...(controls.repeat === "straight" ? [] : [text.controls.repeats[controls.repeat]]),
    ...weaker,
    ...(apart.length ? [apart.join(text.comma)] : []),
  ].join(" · ");
}

/** What parts wear, as "Collar: Denim". */
export function wornOn(on: Record<string, string>, looks: Look[], text: Text, parts?: GarmentPart[]): string[] {
  const say = (worn: string) => (worn === KEEP ? text.byPart.asItIs : called(looks.find((look) => look.id === worn) ?? { name: "?" }, text));
  return Object.entries(on).map(([name, worn]) => text.byPart.says(partName(name, text, parts), say(worn)));
}

/** Garment and cloth of a result. */
export function wornBy(result: Result, looks: Look[], text: Text): string {
  const whole = result.looks.map((part) => called(looks.find((look) => look.id === part.look) ?? { name: "?" }, text)).join(" + ");
  return [whole, ...wornOn(result.controls.on ?? {}, looks, text)].join(text.comma);
}

/** Each control that differs, as "Angle: 0° → 45°"; `scale` says in shares of the garment what centimetres say better. */
export function differences(controls: { name: string; first: unknown; second: unknown }[], text: Text, looks: Look[] = []): string[] {
  return controls.flatMap(({ name, first, second }) => {
    const words = WORDS[name];
    if (!words) return [];
    const [label, say] = words(text, looks);
    return say(first) === say(second) ? [] : [`${label}: ${say(first)} → ${say(second)}`];
  });
}

type Say = (value: unknown) => string;
const share: Say = (value) => percent(Number(value));

const WORDS: Record<string, (text: Text, looks: Look[]) => [string, Say]> = {
  print_cm: (text) => [text.controls.print, (value) => text.stage.ruler(centimetres(Number(value)))],
  rotation: (text) => [text.controls.rotation, (value) => degrees(Number(value))],
  offset: (text) => [text.controls.moved, (value) => (value as number[]).map((part) => share(part)).join(", ")],
  repeat: (text) => [text.controls.repeat, (value) => text.controls.repeats[value as keyof Text["controls"]["repeats"]] ?? String(value)],
  strength: (text) => [text.controls.strength, share],
  shading: (text) => [text.controls.shading, share],
  palette: (text) => [text.palette.title, (value) => newColours(value as string[] | null).join(" ") || text.palette.own],
  seamless: (text) => [text.controls.seamless, (value) => text.controls.seamlessChoices[String(value) as "auto"]],
  seams: (text) => [text.controls.seams, (value) => text.controls.seamsChoices[value as "cut" | "matched"] ?? String(value)],
  mix: (text) => [text.looks.mix, (value) => (value === "panels" ? text.looks.panels : text.looks.overprint)],
  on: (text, looks) => [text.byPart.title, (value) => wornOn((value ?? {}) as Record<string, string>, looks, text).join(text.comma) || text.byPart.alike],
};
