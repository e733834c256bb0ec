/** What things are called in the language of the page. */

import type { GarmentPart } from "../api/types";
import type { Text } from "./en";

/** What a thing is called: samples and the looks that are shipped in the language of the page, a person's own by its own name. */
export function called(item: { name: string; sample?: boolean; kind?: string }, text: Text): string {
  const [, look, number] = (item.kind === "imagined" && /^(.+) (\d+)$/.exec(item.name)) || [];
  if (look) return `${text.samples[look] ?? look} ${number}`;
  return item.sample === false ? item.name : (text.samples[item.name] ?? item.name);
}

/** "print:floral_print" as a person says it. */
export function lookName(look: string, text: Text): string {
  const words = look.slice(look.indexOf(":") + 1).replace(/[_-]/g, " ");
  const name = words.charAt(0).toUpperCase() + words.slice(1);
  return text.samples[name] ?? name;
}

/** A part of a garment, as it is called on one that shows `parts`: sleeves of trousers are legs. */
export function partName(name: string, text: Text, parts: GarmentPart[] = []): string {
  const word = parts.find((item) => item.name === name)?.called ?? name;
  return text.byPart.names[word] ?? word;
}
