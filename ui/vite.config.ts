import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Where `upshot serve` listens while the app is worked on: `npm run dev` passes the questions on to it.
const server = process.env.UPSHOT_SERVER ?? 'http://127.0.0.1:7700';

export default defineConfig({
  plugins: [react()],
  build: {
    // The folder above is watched by the build of the server; see dist/.gitignore.
    outDir: 'dist/app',
    emptyOutDir: true,
    // Nothing within the page: the policy of the server forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    manifest: 'manifest.json',
    reportCompressedSize: false,
    // ECharts is one part of its own, loaded when a page draws.
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 7701,
    proxy: { '/api': server, '/health': server, '/metrics': server },
  },
});
