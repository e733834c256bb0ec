/** The mask as a picture one can paint on: strokes of a round brush, undo and redo. */

interface Point {
  x: number; // 0..1 across
  y: number; // 0..1 down
}

const LONGEST = 1400; // px of the canvas; the service brings the mask to the photo's own size
const STEPS = 30; // that can be taken back

export class MaskPainter {
  private readonly past: ImageData[] = [];
  private future: ImageData[] = [];
  private last: Point | null = null;
  private radius = 1;
  private paints = true;
  changed = false;

  private constructor(
    private readonly view: CanvasRenderingContext2D,
    private readonly photo: ImageBitmap,
    private readonly mask: CanvasRenderingContext2D,
    private readonly veil: CanvasRenderingContext2D,
  ) {
    this.draw();
  }

  static async open(canvas: HTMLCanvasElement, photoUrl: string, maskUrl: string): Promise<MaskPainter> {
    const [photo, mask] = await Promise.all([photoUrl, maskUrl].map(async (url) => createImageBitmap(await (await fetch(url)).blob())));
    if (!photo || !mask) throw new Error("no picture");
    const scale = Math.min(1, LONGEST / Math.max(photo.width, photo.height));
    canvas.width = Math.round(photo.width * scale);
    canvas.height = Math.round(photo.height * scale);
    const layer = () => new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true }) as unknown as CanvasRenderingContext2D;
    const painted = layer();
    painted.drawImage(mask, 0, 0, canvas.width, canvas.height);
    return new MaskPainter(canvas.getContext("2d") as CanvasRenderingContext2D, photo, painted, layer());
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Put the brush down. diameter: share of the picture's width. */
  begin(at: Point, diameter: number, paints: boolean): void {
    this.past.push(this.picture());
    if (this.past.length > STEPS) this.past.shift();
    this.future = [];
    this.changed = true;
    this.radius = (diameter * this.mask.canvas.width) / 2;
    this.paints = paints;
    this.last = at;
    this.go(at);
  }

  go(to: Point): void {
    if (!this.last) return;
    const { width, height } = this.mask.canvas;
    this.mask.strokeStyle = this.paints ? "#fff" : "#000";
    this.mask.lineWidth = this.radius * 2;
    this.mask.lineCap = "round";
    this.mask.beginPath();
    this.mask.moveTo(this.last.x * width, this.last.y * height);
    this.mask.lineTo(to.x * width + 0.01, to.y * height);
    this.mask.stroke();
    this.last = to;
    this.draw();
  }

  end(): void {
    this.last = null;
  }

  undo(): void {
    this.exchange(this.past, this.future);
  }

  redo(): void {
    this.exchange(this.future, this.past);
  }

  /** What was painted counts no more: another mask takes its place. */
  forget(): void {
    this.changed = false;
  }

  async png(): Promise<Blob> {
    const { width, height } = this.mask.canvas;
    const full = new OffscreenCanvas(this.photo.width, this.photo.height);
    const context = full.getContext("2d");
    context?.drawImage(this.mask.canvas, 0, 0, width, height, 0, 0, full.width, full.height);
    return full.convertToBlob({ type: "image/png" });
  }

  private exchange(from: ImageData[], to: ImageData[]): void {
    const picture = from.pop();
    if (!picture) return;
    to.push(this.picture());
    this.mask.putImageData(picture, 0, 0);
    this.changed = true;
    this.draw();
  }

  private picture(): ImageData {
    return this.mask.getImageData(0, 0, this.mask.canvas.width, this.mask.canvas.height);
  }

  /** The photo, with what is not garment under a veil. */
  private draw(): void {
    const { width, height } = this.mask.canvas;
    const veil = this.veil;
    // The darker the mask, the thicker the veil; red, since photos are rarely red all over.
    const painted = this.picture();
    for (let i = 0; i < painted.data.length; i += 4) {
      painted.data[i + 3] = Math.round((255 - (painted.data[i] ?? 0)) * 0.5);
      painted.data[i] = 178;
      painted.data[i + 1] = 62;
      painted.data[i + 2] = 44;
    }
    veil.putImageData(painted, 0, 0);
    this.view.drawImage(this.photo, 0, 0, width, height);
    this.view.drawImage(veil.canvas, 0, 0);
  }
}
