/** The platforms of the first run: by which rules their conversations become sessions, and whether their files are read as they are. */

export interface StartPlatform {
  id: string;
  /** The profile that fits it. */
  profile: string;
  /** Whether its own files are read. */
  reads: boolean;
}

export const START_PLATFORMS: readonly StartPlatform[] = [
  { id: 'copilot-studio', profile: 'copilot-studio', reads: true },
  { id: 'botframework', profile: 'default', reads: true },
  { id: 'indigo', profile: 'indigo', reads: false },
  { id: 'liveperson', profile: 'liveperson', reads: false },
  { id: 'rasa', profile: 'rasa', reads: false },
  { id: 'llm-app', profile: 'llm-app', reads: false },
  { id: 'other', profile: 'default', reads: false },
];
