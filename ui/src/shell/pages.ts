/** The pages, in the order of the navigation, and the key that goes to each after `g`. */
import type { Texts } from '../texts/en';

export interface Page {
  id: keyof Texts['pages'];
  path: '/' | '/outcomes' | '/topics' | '/conversations' | '/explore';
  key: string;
  /** The drawing beside its name: a path in a square of 20. */
  icon: string;
}

export const PAGES: readonly Page[] = [
  { id: 'today', path: '/', key: 't', icon: 'M3 11l4-4 3 3 7-7M3 17h14' },
  { id: 'outcomes', path: '/outcomes', key: 'o', icon: 'M4 17V9m4 8V4m4 13v-6m4 6V7' },
  { id: 'topics', path: '/topics', key: 'p', icon: 'M3 5h4v3H3zM3 13h4v3H3zM13 9h4v3h-4zM7 6.5c3 0 3 4 6 4M7 14.5c3 0 3-4 6-4' },
  { id: 'conversations', path: '/conversations', key: 'c', icon: 'M3 4h11v8H8l-3 3v-3H3zM9 15h3l3 3v-3h2V8' },
  { id: 'explore', path: '/explore', key: 'e', icon: 'M9 15a6 6 0 110-12 6 6 0 010 12zM13.5 13.5L18 18' },
];

/**
 * What other products call what is here, and where it leads: the modules and numbers of the documents
 * that people come from.
 */
export const ELSEWHERE: readonly { name: string; to: Page['path']; search?: Record<string, string | string[]> }[] = [
  { name: 'Users', to: '/explore', search: { metric: ['users', 'new_users', 'returning_users', 'returning_rate'], by: ['device'] } },
  { name: 'Messages', to: '/explore', search: { metric: ['messages', 'user_messages', 'bot_messages', 'agent_messages'], grain: 'day' } },
  { name: 'Chats', to: '/explore', search: { metric: ['chats', 'chat_duration'], by: ['channel'] } },
  { name: 'Handover', to: '/explore', search: { metric: ['handover_session_rate', 'handover_requests'], by: ['handover_trigger'] } },
  { name: 'Engagement', to: '/outcomes' },
  { name: 'Feedback', to: '/outcomes' },
  { name: 'User Satisfaction', to: '/outcomes' },
  { name: 'CSAT', to: '/outcomes' },
  { name: 'Traffic', to: '/explore', search: { metric: ['messages'], by: ['weekday'], grain: 'hour_of_day' } },
  { name: 'Clicks', to: '/topics', search: { part: 'clicks' } },
  { name: 'Agents/Workflows', to: '/topics' },
  { name: 'Topics', to: '/topics' },
  { name: 'User journeys', to: '/topics', search: { part: 'flows' } },
  { name: 'Conversation outcomes', to: '/outcomes' },
  { name: 'Analytics sessions', to: '/conversations' },
  { name: 'Transcripts', to: '/conversations' },
  { name: 'Drivers', to: '/outcomes' },
  { name: 'Unanswered queries', to: '/explore', search: { metric: ['fallback_messages', 'fallback_rate'], by: ['message.topic_name'] } },
];
