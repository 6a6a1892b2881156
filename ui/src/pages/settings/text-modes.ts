/** The modes of what is kept of what people write, in the order in which they are shown. */
import type { Schemas } from '../../api/client';

export type Mode = Schemas['TextModeAnswer']['mode'];

export const MODES: readonly Mode[] = ['masked', 'full', 'none'];
