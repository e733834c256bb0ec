import { expect, test } from "vitest";
import { en } from "./en";
import { translated } from "./engine";
import { zh } from "./zh";

test("what is not known is said as it came", () => {
  expect(translated("A sentence from tomorrow.", zh)).toBe("A sentence from tomorrow.");
  expect(translated("Interrupted.", en)).toBe("Interrupted.");
});

test("parts are carried over, and translated where they are known", () => {
  expect(translated("'half': The image is damaged or incomplete.", zh)).toBe("“half”：图片已损坏或不完整。");
  expect(translated("3 pictures smaller than 96 px on the shorter side.", zh)).toBe("3 张图片的短边小于 96 像素。");
});

test("what would be possible is said in Chinese, without stray spaces", () => {
  expect(translated("The image is not a picture that muslin can read.", zh)).toBe("图片不是 muslin 能读取的图片。");
  expect(translated("at least 16 pixels a side", zh)).toBe("每边至少 16 像素");
  const said = ["at most 60 megapixels", "12000 x 9000 = 108 megapixels", "at most 60 MB", "ZIP archive", "unknown content", "The garment was deleted.",
    "20 cm on a garment of 5 cm", "0.03 to 30 cm", "at most 64 in the queue", "at most 64 million pixels", "8 x 8 pixels", "32 px or more", "at most 500"];
  for (const sentence of said) expect(translated(sentence, zh)).not.toMatch(/[a-z]{3,}/);
});

test("a run's sentences are known, as the engine writes them", () => {
  const said = [
    "print: seamless prints in a look, arranged from real swatches.",
    "Data: 30 pictures; one collection.",
    "Measuring how fast this computer trains.",
    "64 px, 3,272 images, at 14 images a second: 4 min from here. That is little: 12,000 images give a first good result.",
    "3,272 images, at 14 images a second: 1 h 05 min from here.",
    "Training generator and discriminator (1.9 million weights): 64 px, 3,272 images, 8 a step.",
    "Continuing at 672 images.",
    "Converged: both networks hold their balance; more training would change little.",
    "Still learning: the pictures have come closer to yours: KID was 407 at first and is 386 at best.",
    "Still learning: the discriminator is right 61% of the time.",
    "Kept: the network at 20,000 images, whose pictures stand closest to yours (KID 386 ± 53.5; 407 at 4,000 images; 0 is as close as yours are to each other).",
  ];
  for (const sentence of said) expect(translated(sentence, zh)).not.toMatch(/\b(images|is|the|from|of|pictures)\b/);
});

test("order may change with the language", () => {
  expect(translated("Kept: the last network, of 9 images (KID 1.0 ± 0.1); the lowest, 0.9 at 5 images, is no surer to be better.", zh)).toContain("第 5 张时的 0.9");
});
