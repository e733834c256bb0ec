import { expect, test } from "vitest";
import type { Look, Result } from "../api/types";
import { en } from "../text/en";
import { zh } from "../text/zh";
import { captionOf, differences, newColours } from "./captions";

const controls = { scale: 1, print_cm: 21, rotation: 0, offset: [0, 0], repeat: "straight", strength: 1, shading: 1, palette: null, seamless: "auto", mix: "overprint" };
const result = (values: object, more: object = {}) => ({ print_cm: 21, seed: 3, ...more, controls: { ...controls, ...values } }) as unknown as Result;
const look = (origin: object | null) => ({ kind: origin ? "learned" : "swatch", origin }) as unknown as Look;

test("cloth is told by its size, turn and repeat", () => {
  expect(captionOf(result({}), look(null), en)).toBe("21 cm");
  expect(captionOf(result({ rotation: 405, repeat: "half-drop", strength: 0.5 }), look(null), en)).toBe("21 cm · 45° · Half-drop · Strength 50 %");
  expect(captionOf(result({ rotation: 270 }), look(null), zh)).toBe("21 厘米 · -90°");
});

test("parts in a cloth of their own are named as the garment calls them", () => {
  const on = { sleeves: "keep", band: "5e" };
  const legs = [{ name: "sleeves", called: "legs", share: 1, box: [0, 0, 1, 1] as [number, number, number, number], picture: "" }];
  expect(captionOf(result({ on }), look(null), en, legs)).toBe("21 cm · Legs, Band");
  const looks = [{ id: "5e", name: "Tartan", sample: true }] as unknown as Look[];
  expect(differences([{ name: "on", first: on, second: {} }], zh, looks)).toEqual(["部位: 袖子：照片原样、腰头或下摆：苏格兰格纹 → 全部相同"]);
});

test("a look that a model paints is told by its strength, its draw or its colour", () => {
  expect(captionOf(result({ strength: 0.75 }), look({ recipe: "cut" }), zh)).toBe("强度 75 %");
  expect(captionOf(result({}), look({ recipe: "stargan_v2" }), en)).toBe("Draw no. 3");
  expect(captionOf(result({ palette: ["#112233"] }), look({ recipe: "pix2pix", drawing: true }), en)).toBe("Colour of the cloth");
});

test("what differs too little to be said is not said", () => {
  const found = [
    { name: "scale", first: 1, second: 1.001 },
    { name: "print_cm", first: 21, second: 21.02 },
    { name: "palette", first: null, second: ["#112233=#445566", "#000000=keep"] },
  ];
  expect(differences(found, en)).toEqual(["Colours: Own colours → #445566"]);
  expect(newColours(["#112233=keep", "keep", "#ddeeff"])).toEqual(["#ddeeff"]);
});
