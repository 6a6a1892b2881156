/** What each platform calls what our words mean. They are names, the same in every language of the app. */

export const PLATFORMS = ['copilot-studio', 'indigo', 'liveperson', 'rasa', 'voiceflow', 'watsonx'] as const;
export type Platform = (typeof PLATFORMS)[number];

export const PLATFORM_NAMES: Record<Platform, string> = {
  'copilot-studio': 'Copilot Studio, Power Virtual Agents',
  indigo: 'indigo.ai',
  liveperson: 'LivePerson',
  rasa: 'Rasa',
  voiceflow: 'Voiceflow',
  watsonx: 'watsonx Assistant',
};

export const TERMS = [
  'session', 'conversation', 'message', 'exchange', 'user', 'returning', 'bot', 'test_traffic', 'topic', 'intent', 'question', 'option', 'fallback', 'coverage',
  'engaged', 'unengaged', 'resolved', 'implied', 'escalated', 'abandoned', 'containment', 'impact', 'handover', 'waiting', 'agent', 'skill', 'survey', 'resolution_survey',
  'thumbs', 'repeat', 'attribute', 'conversion', 'generated', 'knowledge', 'tool', 'billed', 'hours', 'profile', 'label',
] as const;
export type Term = (typeof TERMS)[number];

export const WORDS: Record<Term, Partial<Record<Platform, string>>> = {
  session: { 'copilot-studio': 'Analytics session', indigo: 'Chat', liveperson: 'Conversation, engagement', rasa: 'Session', voiceflow: 'Session', watsonx: 'Conversation, session_id' },
  conversation: { 'copilot-studio': 'Conversation, conversation transcript', liveperson: 'Conversation of a consumer', rasa: 'Tracker, sender_id', voiceflow: 'Transcript', watsonx: 'Conversation' },
  message: { 'copilot-studio': 'Activity of type message', indigo: 'Messages', liveperson: 'Message, messageRecord', rasa: 'user and bot event', voiceflow: 'Trace of type text', watsonx: 'Message, request' },
  exchange: { 'copilot-studio': 'Turn', liveperson: 'Response, interaction', rasa: 'Turn', voiceflow: 'Turn', watsonx: 'Message request and response' },
  user: { 'copilot-studio': 'User, customer', indigo: 'Users', liveperson: 'Consumer, visitor', rasa: 'Sender', voiceflow: 'User, userID', watsonx: 'User, user_id' },
  returning: { indigo: 'Engagement: Returning Rate, New Users, Returning Users', watsonx: 'Unique users' },
  bot: { 'copilot-studio': 'Agent, bot', indigo: 'Virtual assistant, AI Agent', liveperson: 'Bot, automated agent', rasa: 'Assistant', voiceflow: 'Agent, project', watsonx: 'Assistant' },
  test_traffic: { 'copilot-studio': 'Test pane, isDesignMode', rasa: 'environment of an event', voiceflow: 'Development version', watsonx: 'Draft environment' },
  topic: { 'copilot-studio': 'Topic, dialog', indigo: 'Agents/Workflows', liveperson: 'Dialog of a bot', rasa: 'Flow, story', voiceflow: 'Workflow, component', watsonx: 'Action, dialog node' },
  intent: { 'copilot-studio': 'Trigger phrases, intentId', liveperson: 'Intent of the Intent Manager', rasa: 'Intent, command', voiceflow: 'Intent', watsonx: 'Intent, trigger of an action' },
  question: { 'copilot-studio': 'Question node', liveperson: 'Question interaction', rasa: 'Form, requested_slot, collect step', voiceflow: 'Capture step', watsonx: 'Step of an action' },
  option: { 'copilot-studio': 'Suggested action, choice', indigo: 'Clicks: Quick Reply, In-Answer Link', liveperson: 'Quick reply, structured content', rasa: 'Button', voiceflow: 'Button, choice', watsonx: 'Option' },
  fallback: { 'copilot-studio': 'Fallback topic, Unrecognized input', indigo: 'Fallback', liveperson: 'Unmatched message, fallback dialog', rasa: 'nlu_fallback, action_default_fallback', voiceflow: 'No match', watsonx: 'No matches, Unrecognized requests' },
  coverage: { 'copilot-studio': 'Generated answer rate', liveperson: 'Matched intent rate', watsonx: 'Coverage' },
  engaged: { 'copilot-studio': 'Engaged', liveperson: 'Bot interactive', watsonx: 'Conversation with a recognised action' },
  unengaged: { 'copilot-studio': 'Unengaged, outcome None', voiceflow: 'Session without interaction' },
  resolved: { 'copilot-studio': 'Resolved, Confirmed Success', liveperson: 'Conversations closed by the bot, resolution', rasa: 'Flow completed', voiceflow: 'Evaluation passed', watsonx: 'Completion' },
  implied: { 'copilot-studio': 'Resolved implied, impliedSuccess' },
  escalated: { 'copilot-studio': 'Escalated, HandOff', indigo: 'Handover', liveperson: 'Bot escalations', rasa: 'Escalation', voiceflow: 'Handoff', watsonx: 'Transfer to live agent' },
  abandoned: { 'copilot-studio': 'Abandoned', liveperson: 'Bot abandoned, consumer disengaged', rasa: 'Abandonment, drop-off', watsonx: 'Incomplete action' },
  containment: { 'copilot-studio': 'Deflection', indigo: 'Chats without Requests', liveperson: 'Bot contained', rasa: 'Containment', voiceflow: 'Containment', watsonx: 'Containment' },
  impact: { 'copilot-studio': 'Impact, drivers: resolution, escalation, abandon, CSAT' },
  handover: { 'copilot-studio': 'Transfer conversation, Escalate topic', indigo: 'Human Takeover, ticket; Direct Requests, Requests After Fallback, Request After Operator Button', liveperson: 'Transfer to skill or agent, takeover', rasa: 'Human handoff', voiceflow: 'Live agent handoff', watsonx: 'Connect to agent' },
  waiting: { 'copilot-studio': 'Wait time of Omnichannel', liveperson: 'Avg wait first agent response, time in queue' },
  agent: { 'copilot-studio': 'Human agent, representative', indigo: 'Operator', liveperson: 'Agent, assigned agent', rasa: 'Human agent', voiceflow: 'Live agent', watsonx: 'Service desk agent' },
  skill: { 'copilot-studio': 'Queue, workstream', liveperson: 'Skill' },
  survey: { 'copilot-studio': 'CSAT, customer satisfaction survey', indigo: 'User Satisfaction: CSAT Score, Total Number of Votes', liveperson: 'Post-conversation survey: CSAT, NPS, FCR', voiceflow: 'Evaluation, rating' },
  resolution_survey: { 'copilot-studio': '«Did that answer your question?», PRR', liveperson: 'FCR question' },
  thumbs: { 'copilot-studio': 'Reactions', indigo: 'Feedback: All Reviewable Requests, Positive, Negative, No Feedback', watsonx: 'Feedback on a response' },
  repeat: { liveperson: 'Repeat contact rate, RCR' },
  attribute: { 'copilot-studio': 'Custom variable, context variable', liveperson: 'Engagement attributes: Transaction, Lead, Service activity; Conversation outcomes, agent survey', rasa: 'Slot', voiceflow: 'Variable', watsonx: 'Session variable' },
  conversion: { liveperson: 'Goal reached, conversion', rasa: 'Marker' },
  generated: { 'copilot-studio': 'Generative answer, conversational boosting', indigo: 'AI-generated response', rasa: 'Rephrased response, enterprise search', voiceflow: 'AI response', watsonx: 'Conversational search' },
  knowledge: { 'copilot-studio': 'Knowledge source', rasa: 'Enterprise search policy', voiceflow: 'Knowledge base', watsonx: 'Search integration' },
  tool: { 'copilot-studio': 'Tool, action, plugin', rasa: 'Custom action', voiceflow: 'Function, API step', watsonx: 'Extension' },
  billed: { 'copilot-studio': 'Billed session, message, Copilot Credits', watsonx: 'Monthly active user' },
  hours: { indigo: 'Traffic', liveperson: 'Conversations by hour' },
  profile: { 'copilot-studio': 'Rules of analytics sessions', rasa: 'Session configuration, markers' },
  label: { 'copilot-studio': 'Themes', liveperson: 'Annotation of an unmatched intent', voiceflow: 'Evaluation, tag' },
};
