/** Old answers turn pale when the new ones do not come at once. */
import { useEffect, useState } from 'react';

/** Most come sooner than in so many milliseconds, and to draw a page pale takes its time, too. */
const PATIENCE = 200;

/** Whether what is shown has been old for a while. */
export function usePale(isOld: boolean): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isOld) return undefined;
    const timer = setTimeout(() => setLong(true), PATIENCE);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [isOld]);
  return isOld && isLong;
}
