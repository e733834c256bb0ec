import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Every source, by name, into one hash beside what was built: a test without Node sees whether the two belong together. */
const sourceHash: Plugin = {
  name: "source-hash",
  closeBundle() {
    const files = ["src", "public"].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `${entry.parentPath}/${entry.name}`),
    );
    const hash = createHash("sha256");
    for (const file of [...files, "index.html", "package-lock.json", "vite.config.ts"].sort()) {
      hash.update(`${file}\n`).update(readFileSync(file));
    }
    writeFileSync("../src/muslin/studio/page/sources.sha256", `${hash.digest("hex")}\n`);
  },
};

// The built page lies inside the Python package, so that nobody who uses the studio needs Node.
export default defineConfig({
  plugins: [react(), sourceHash],
  build: {
    outDir: "../src/muslin/studio/page",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the service's Content-Security-Policy allows no inline script or style
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8765" } },
});
