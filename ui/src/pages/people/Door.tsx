/** The frame of what is shown to who is not yet in. */
import type { ReactNode } from 'react';

import { useTexts } from '../../shell/preferences';

export function Door({ title, hint, children }: { title: string; hint?: ReactNode; children: ReactNode }) {
  const texts = useTexts();
  return (
    <main className="door" id="content">
      <section className="card" aria-label={title}>
        <span className="brand">
          <img src="/favicon.svg" alt="" width="24" height="24" />
          {texts.product}
        </span>
        <h1>{title}</h1>
        {hint !== undefined && <p className="soft">{hint}</p>}
        {children}
      </section>
    </main>
  );
}
