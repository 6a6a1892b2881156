/** Leads to a session; for who may not read what was said, it only names it. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useMay } from '../api/access';

export function SessionLink(props: { id: string; className?: string; label?: string; onClick?: () => void; children: ReactNode }) {
  const mayText = useMay('text');
  const { id, label, children, ...rest } = props;
  if (!mayText) return <span className={rest.className}>{children}</span>;
  return (
    <Link to="/conversations/$id" params={{ id }} aria-label={label} {...rest}>
      {children}
    </Link>
  );
}
