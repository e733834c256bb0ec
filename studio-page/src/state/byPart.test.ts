import { expect, test } from "vitest";
import type { GarmentPart, Look } from "../api/types";
import { alone, asked, chipsOf, dressed, freed, fromPanels, KEEP, present, rests } from "./byPart";
import { DEFAULTS } from "./defaults";

const part = (name: string): GarmentPart => ({ name, called: name, share: 0.1, box: [0, 0, 1, 1], picture: "" });
const SHIRT = ["body", "left-front", "right-front", "sleeves", "left-sleeve", "right-sleeve", "collar", "strip"].map(part);
const cloth = (id: string, kind = "swatch") => ({ id, kind }) as Look;
const desk = (values: object, parts = [{ look: "denim", weight: 1 }], looks = [cloth("denim"), cloth("dots")]) => ({ controls: { ...DEFAULTS, ...values }, parts, looks });
const names = (chips: { name: string }[]) => chips.map(({ name }) => name);

test("both sleeves in a cloth: neither keeps its own; as the rest again, each keeps it", () => {
  const on = { "left-sleeve": "dots", collar: "white" };
  expect(dressed(on, "sleeves", "denim")).toEqual({ collar: "white", sleeves: "denim" });
  expect(dressed(on, "sleeves", null)).toEqual(on);
  expect(dressed({ sleeves: "denim" }, "left-sleeve", KEEP)).toEqual({ sleeves: "denim", "left-sleeve": KEEP });
});

test("one part alone: all else stays as in the photo", () => {
  expect(alone({ collar: "white" }, "collar", SHIRT)).toEqual({ body: KEEP, sleeves: KEEP, collar: "white" });
  expect(alone({ "left-sleeve": "dots" }, "left-sleeve", SHIRT)).toEqual({ body: KEEP, collar: KEEP, "right-sleeve": KEEP, "left-sleeve": "dots" });
});

test("a cloth for the whole garment is seen: what was kept gives way where nothing else is left", () => {
  const all = { body: KEEP, sleeves: KEEP, collar: "white" };
  expect(freed(all, SHIRT)).toEqual({ collar: "white" });
  expect(freed({ strip: KEEP, collar: KEEP }, SHIRT)).toEqual({ strip: KEEP, collar: KEEP });
  expect(freed(all, undefined)).toBe(all);
});

test("what leaves no room for parts lets them rest, and the service is not asked for both", () => {
  const on = { collar: "dots" };
  expect(asked(desk({ on })).on).toEqual(on);
  expect([rests(desk({ on, repeat: "once" })), asked(desk({ on, repeat: "once" })).on]).toEqual(["once", {}]);
  const two = [{ look: "denim", weight: 1 }, { look: "dots", weight: 1 }];
  expect([rests(desk({ on, mix: "panels" }, two)), asked(desk({ on, mix: "panels" }, two)).mix]).toEqual(["panels", "panels"]);
  expect(asked(desk({ on, mix: "panels" }))).toMatchObject({ on, mix: "overprint" }); // of one cloth panels say nothing
  expect(asked(desk({ mix: "panels" })).mix).toBe("panels");
  expect(rests(desk({ on }, [{ look: "paint", weight: 1 }], [cloth("paint", "learned")]))).toBe("painted");
});

test("panels said part by part are what they were, the heaviest on the body; what was said before goes before", () => {
  const parts = [{ look: "a", weight: 0.2 }, { look: "b", weight: 1 }];
  const said = fromPanels(parts, { collar: KEEP });
  expect(said.parts).toEqual([{ look: "b", weight: 1 }]);
  expect(said.on).toMatchObject({ sleeves: "a", cuffs: "a", collar: KEEP });
});

test("sides come with their pair, where both are seen; what a garment does not show comes last", () => {
  expect(names(chipsOf(SHIRT, {}, null))).toEqual(["body", "sleeves", "collar", "strip"]);
  expect(names(chipsOf(SHIRT, {}, "left-sleeve"))).toEqual(["body", "sleeves", "left-sleeve", "right-sleeve", "collar", "strip"]);
  expect(names(chipsOf(["body", "sleeves", "right-sleeve"].map(part), {}, "sleeves"))).toEqual(["body", "sleeves"]);
  const chips = chipsOf(SHIRT, { "left-front": KEEP, band: "dots" }, null);
  expect(names(chips)).toEqual(["body", "left-front", "right-front", "sleeves", "collar", "strip", "band"]);
  expect(chips.at(-1)?.item).toBeUndefined();
});

test("looks that are gone leave their parts", () => {
  expect(present({ collar: "dots", strip: KEEP, band: "gone" }, [cloth("dots")])).toEqual({ collar: "dots", strip: KEEP });
});
