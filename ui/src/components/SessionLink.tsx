/** Leads to a session; for who may not read what was said, it only names it. */
import type { ReactNode } from 'react';

import { useMay } from '../api/access';
import { QuickLink, sessionPath } from './QuickLink';

export function SessionLink(props: { id: string; className?: string; onClick?: () => void; children: ReactNode }) {
  const mayText = useMay('text');
  const { id, children, ...rest } = props;
  if (!mayText) return <span className={rest.className}>{children}</span>;
  return (
    <QuickLink to={sessionPath(id)} {...rest}>
      {children}
    </QuickLink>
  );
}
