/** What a delivery must say before it can be made. */

import type { Deliver } from "../api/types";
import { whileTyping } from "../parts/typed";
import type { Text } from "../text/en";

const FIELDS = ["project", "garment", "look", "number", "date"];
const PPI = [36, 1200] as const;

/** In words, what is missing or not known. ppi: as typed; null where it is not asked for. */
export function objections(title: string, template: string, ppi: string | null, text: Text): string[] {
  const known = FIELDS.map((field) => `{${field}}`).join(" ");
  const unknown = (template.match(/\{[^{}]*\}/g) ?? []).filter((word) => !FIELDS.includes(word.slice(1, -1)));
  return [
    ...(title.trim() ? [] : [text.deliver.noTitle]),
    ...(template.trim() ? [] : [text.deliver.noTemplate(known)]),
    ...unknown.map((word) => text.deliver.unknownField(word, known)),
    ...(ppi === null || whileTyping(ppi, ...PPI) ? [] : [text.deliver.ppiRange(...PPI)]),
  ];
}

/** Whether files of this format carry settings and origin at all, so that they can be left out. */
export const carriesOrigin = (format: Deliver) => !["contact_sheet", "lookbook_html", "lookbook_pdf"].includes(format);
