/** The pages, in the order of the navigation, and the key that goes to each after `g`. */
import { useMe, type Permission } from '../api/access';
import type { Texts } from '../texts/en';

export interface Page {
  id: keyof Texts['pages'];
  path: '/' | '/outcomes' | '/topics' | '/audience' | '/handover' | '/improve' | '/ai' | '/conversations' | '/explore' | '/boards' | '/settings';
  key: string;
  /** What one must be allowed to be offered it. */
  needs?: Permission;
  /** The drawing beside its name: a path in a square of 20. */
  icon: string;
}

export const PAGES: readonly Page[] = [
  { id: 'today', path: '/', key: 't', icon: 'M3 11l4-4 3 3 7-7M3 17h14' },
  { id: 'outcomes', path: '/outcomes', key: 'o', icon: 'M4 17V9m4 8V4m4 13v-6m4 6V7' },
  { id: 'topics', path: '/topics', key: 'p', icon: 'M3 5h4v3H3zM3 13h4v3H3zM13 9h4v3h-4zM7 6.5c3 0 3 4 6 4M7 14.5c3 0 3-4 6-4' },
  { id: 'audience', path: '/audience', key: 'a', icon: 'M7 9a3 3 0 110-6 3 3 0 010 6zM2 17c0-3.5 2-5.5 5-5.5s5 2 5 5.5M13 9a2.5 2.5 0 100-5M14 11.5c2.5 0 4 2 4 5' },
  { id: 'handover', path: '/handover', key: 'h', icon: 'M6 8a3 3 0 110-6 3 3 0 010 6zM2 17c0-4 1.5-6 4-6s4 2 4 6M12 7h6m0 0l-2.5-2.5M18 7l-2.5 2.5' },
  { id: 'improve', path: '/improve', key: 'i', icon: 'M4 16L13 7l2.5 2.5L6.5 18H4zM13 7l2-2 2.5 2.5-2 2M4 4h5M4 8h3' },
  { id: 'ai', path: '/ai', key: 'm', icon: 'M6 6h8v8H6zM8 3v3m4-3v3M8 14v3m4-3v3M3 8h3m-3 4h3M14 8h3m-3 4h3' },
  { id: 'conversations', path: '/conversations', key: 'c', needs: 'sessions', icon: 'M3 4h11v8H8l-3 3v-3H3zM9 15h3l3 3v-3h2V8' },
  { id: 'explore', path: '/explore', key: 'e', icon: 'M9 15a6 6 0 110-12 6 6 0 010 12zM13.5 13.5L18 18' },
  { id: 'boards', path: '/boards', key: 'b', icon: 'M3 3h6v6H3zM11 3h6v4h-6zM11 10h6v7h-6zM3 12h6v5H3z' },
  { id: 'settings', path: '/settings', key: 's', needs: 'sessions', icon: 'M3 6h8m4 0h2M3 14h2m4 0h8M13 4v4M7 12v4' },
];

/**
 * What other products call what is here, and where it leads: the modules and numbers of the documents
 * that people come from.
 */
export const ELSEWHERE: readonly { name: string; to: Page['path']; search?: Record<string, string | string[]> }[] = [
  { name: 'Users', to: '/audience' },
  { name: 'Messages', to: '/explore', search: { metric: ['messages', 'user_messages', 'bot_messages', 'agent_messages'], grain: 'day' } },
  { name: 'Chats', to: '/audience' },
  { name: 'Handover', to: '/handover' },
  { name: 'Engagement', to: '/outcomes' },
  { name: 'Feedback', to: '/outcomes' },
  { name: 'User Satisfaction', to: '/outcomes' },
  { name: 'CSAT', to: '/outcomes' },
  { name: 'Traffic', to: '/audience' },
  { name: 'Retention', to: '/audience' },
  { name: 'Clicks', to: '/topics', search: { part: 'clicks' } },
  { name: 'Agents/Workflows', to: '/topics' },
  { name: 'Topics', to: '/topics' },
  { name: 'User journeys', to: '/topics', search: { part: 'flows' } },
  { name: 'Conversation outcomes', to: '/outcomes' },
  { name: 'Analytics sessions', to: '/conversations' },
  { name: 'Transcripts', to: '/conversations' },
  { name: 'Drivers', to: '/outcomes' },
  { name: 'Unanswered queries', to: '/improve' },
  { name: 'Intent performance', to: '/improve' },
  { name: 'Knowledge sources', to: '/improve' },
  { name: 'Tokens', to: '/ai' },
  { name: 'Skills', to: '/handover' },
];

/** The pages that are offered to whoever looks. */
export function usePages(): readonly Page[] {
  const me = useMe().data;
  return PAGES.filter((page) => page.needs === undefined || me === undefined || me.permissions.includes(page.needs));
}
