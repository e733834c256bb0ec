import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The built page lies inside the Python package, so that nobody who uses the studio needs Node.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/muslin/studio/page",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the service's Content-Security-Policy allows no inline script or style
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8765" } },
});
