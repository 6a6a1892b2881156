/** The app begins here. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { Failure } from './api/client';
import './design/tokens.css';
import './design/base.css';
import './design/shell.css';
import './design/parts.css';
import './design/pages.css';
import { router } from './router';
import { PreferencesProvider } from './shell/preferences';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What is wrong with a question stays wrong; a server that is busy or starting may be asked again.
      retry: (count, error) => count < 2 && error instanceof Failure && (error.status === 0 || error.status >= 429) && error.status !== 500,
    },
  },
});

const place = document.getElementById('app');
if (place !== null) {
  createRoot(place).render(
    <StrictMode>
      <PreferencesProvider>
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </PreferencesProvider>
    </StrictMode>,
  );
}
