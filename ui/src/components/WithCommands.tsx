/** A text of the catalogue in which what stands between backticks is to be typed as it is. */
export function WithCommands({ text }: { text: string }) {
  return text.split('`').map((part, place) => (place % 2 === 1 ? <code key={place}>{part}</code> : part));
}
