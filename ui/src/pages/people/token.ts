/** The secret of a link: behind the `#`, which no browser sends. It leaves the address as soon as it is read. */
import { useEffect, useState } from 'react';

export function useToken(): string {
  const [token] = useState(() => decodeURIComponent(window.location.hash.replace(/^#/, '')));
  useEffect(() => {
    if (window.location.hash !== '') window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  }, []);
  return token;
}
