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
import './design/analysis.css';
import './design/forms.css';
import { router } from './router';
import { PreferencesProvider } from './shell/preferences';

/** How often a question is asked again. What was too large beside other questions may not be alone. */
function triesAgain(failure: Failure): number {
  if (failure.problem?.type.endsWith('query-too-large') === true) return 1;
  return failure.status === 0 || (failure.status >= 429 && failure.status !== 500) ? 2 : 0;
}

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What is wrong with a question stays wrong; a server that is busy or starting may be asked again.
      retry: (count, error) => error instanceof Failure && count < triesAgain(error),
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
