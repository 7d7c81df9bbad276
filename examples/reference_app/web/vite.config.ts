import { defineConfig } from "vite";

export default defineConfig({
  build: {
    target: "es2022",
    // Fonts stay files: inlined they would be fetched again with every style sheet.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // hls.js and media-chrome together; scripts/web.py holds the gzip budgets.
    chunkSizeWarningLimit: 700,
    manifest: "manifest.json",
    reportCompressedSize: false,
    rollupOptions: {
      input: { house: "index.html", booth: "booth.html" },
    },
  },
});
