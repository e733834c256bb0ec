/** What the studio's HTTP API says and takes. docs/studio-api.md explains each field. */

export interface Picture {
  sha256: string;
  url: string;
  thumbnail: string;
  media_type: string;
  bytes: number;
  width: number;
  height: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Can {
  available: boolean;
  reason: string | null;
}

export interface Info {
  version: string;
  project: string;
  revision: number; // the last change: events since then tell what lists read after it do not
  samples: boolean; // sample garments and cloths are ready
  data: string;
  limits: {
    upload_bytes: number;
    upload_pixels: number;
    queue: number;
    variants: number;
    batch: number;
    preview_side: number;
    set_pictures: [number, number];
  };
  controls: {
    scale: [number, number];
    strength: [number, number];
    shading: [number, number];
    repeat: Laid[];
    mix: Mix[];
    seams: Seams[];
    on: string[];
  };
  can: { imagine: Can; train: Can; pdf: Can };
}

export interface Model {
  name: string;
  recipe: string;
  version: string;
  sha256: string;
  bytes: number;
  summary: string;
  licence: string;
  shipped: boolean;
  makes_prints: boolean;
  looks: string[];
}

export interface Project {
  id: string;
  name: string;
  created: number;
  opened: number;
  garments: number;
  results: number;
}

export interface Garment {
  id: string;
  project: string | null;
  sample: boolean;
  name: string;
  created: number;
  photo: Picture;
  mask: { picture: Picture; kind: "auto" | "alpha" | "edited" | "none"; source: string; confidence: number; share: number };
  box: [number, number, number, number];
  length_cm: number;
  cm_per_pixel: number;
}

/** A part that a garment shows. */
export interface GarmentPart {
  name: string; // what requests take
  called: string; // what a person calls it on this garment: sleeves of trousers are legs
  share: number;
  box: [number, number, number, number];
  picture: string; // white where it lies, transparent elsewhere
}

export type Repeat = "straight" | "half-drop" | "brick" | "mirror";
/** How a print lies on a garment: repeated, or once, in one place. */
export type Laid = Repeat | "once";
export type Mix = "overprint" | "panels";
export type Seams = "cut" | "matched";

export interface Part {
  look: string;
  weight: number;
}

export interface Look {
  id: string;
  kind: "swatch" | "mix" | "imagined" | "recoloured" | "learned";
  name: string;
  sample: boolean;
  created: number;
  picture: Picture;
  repeat_cm: number | null;
  parts: Part[];
  mix: Mix | null;
  palette: string[];
  seam: number;
  origin: { look?: string | null; model?: string; seed?: number; recipe?: string; drawing?: boolean; cut?: boolean } | null;
}

export interface Controls {
  scale: number;
  print_cm: number | null;
  rotation: number;
  offset: [number, number];
  repeat: Laid;
  strength: number;
  shading: number;
  palette: string[] | null;
  seamless: "auto" | boolean;
  mix: Mix;
  seams: Seams;
  on: Record<string, string>; // by part: the id of a look, or "keep"
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  id: string;
  kind: "restyle" | "colourways" | "imagine" | "train" | "deliver";
  project: string;
  state: JobState;
  progress: number;
  note: string;
  created: number;
  started: number | null;
  ended: number | null;
  request: JobRequest;
  problem: Problem | null;
  command: string;
  results: string[];
  looks: string[];
  files: { name: string; picture: Omit<Picture, "width" | "height"> }[];
  resumable: boolean;
  samples: Picture[];
  log: string[];
  output: unknown;
  revision: number;
}

export type JobRequest =
  | {
      kind: "restyle";
      project: string;
      garments: string[];
      looks: Part[];
      controls: Partial<Controls>;
      variants?: number;
      seed?: number;
      start?: number;
      vary?: ("print" | "palette")[];
      lock?: string[];
    }
  | { kind: "colourways"; project: string; garment: string; looks: Part[]; controls: Partial<Controls>; palettes: string[][] }
  | { kind: "imagine"; project: string; model: string; count: number; seed: number; mix?: string | null; weight?: number; scale?: number }
  | { kind: "train"; project: string; set: string; name: string; minutes: number; seed?: number }
  | {
      kind: "deliver";
      project: string;
      results: string[];
      format: Deliver;
      title?: string;
      ppi?: number;
      template?: string;
      strip_metadata?: boolean;
    };

export type Deliver = "contact_sheet" | "lookbook_html" | "lookbook_pdf" | "cutouts" | "tiffs" | "zip";

export interface Result {
  id: string;
  project: string;
  job: string;
  garment: string;
  looks: Part[];
  number: number;
  name: string;
  created: number;
  picture: Picture;
  controls: Controls;
  print_cm: number;
  seed: number;
  starred: boolean;
  rejected: boolean;
  note: string;
  mask: string;
  command: string;
  settings: Record<string, unknown>;
  revision: number;
}

export interface Restored {
  settings: Record<string, unknown>;
  garment: string | null;
  looks: Part[];
  controls: Controls;
  mask: string | null;
  seed: number;
  result: string | null;
  notes: string[];
}

export interface PictureSet {
  id: string;
  name: string;
  created: number;
  pictures: Picture[];
  ready: boolean;
  check: { level: "unusable" | "warning" | "note"; kind: string; problem: string; advice: string; pictures: string[] }[];
}

export interface Colourway {
  name: string;
  palette: string[];
  tile: string;
}

/** RFC 9457, with what muslin adds to it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  received?: string | null;
  possible?: string | string[] | null;
  advice?: string | null;
  errors?: { where: string; message: string }[];
}
