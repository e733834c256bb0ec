/** What a variant is, and how two differ, in a designer's words. */

import type { Look, Result } from "../api/types";
import type { Text } from "../text/en";
import { called } from "../text/names";

const percent = (share: number) => `${Math.round(share * 100)} %`;
const degrees = (turned: number) => `${Math.round(((((turned + 180) % 360) + 360) % 360) - 180)}°`;
const centimetres = (cm: number) => Number(cm.toFixed(cm < 10 ? 1 : 0));

/** The new colours of a palette's words: "#old=#new" and "#new"; what is kept is not among them. */
export function newColours(palette: string[] | null): string[] {
  return (palette ?? []).map((word) => word.split("=").at(-1) ?? "").filter((word) => word.startsWith("#"));
}

/** Short, for below a picture: what sets it apart from the others of its family. */
export function captionOf(result: Result, look: Look | undefined, text: Text): string {
  const { controls } = result;
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
  ].join(" · ");
}

/** Garment and cloth of a result. */
export function wornBy(result: Result, looks: Look[], text: Text): string {
  return result.looks.map((part) => called(looks.find((look) => look.id === part.look) ?? { name: "?" }, text)).join(" + ");
}

/** Each control that differs, as "Angle: 0° → 45°"; `scale` says in shares of the garment what centimetres say better. */
export function differences(controls: { name: string; first: unknown; second: unknown }[], text: Text): string[] {
  return controls.flatMap(({ name, first, second }) => {
    const words = WORDS[name];
    if (!words) return [];
    const [label, say] = words(text);
    return say(first) === say(second) ? [] : [`${label}: ${say(first)} → ${say(second)}`];
  });
}

type Say = (value: unknown) => string;
const share: Say = (value) => percent(Number(value));

const WORDS: Record<string, (text: Text) => [string, Say]> = {
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
};
