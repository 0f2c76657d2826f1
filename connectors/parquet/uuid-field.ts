const NONE = 255;

/** The value of a hexadecimal digit by its code. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NONE : value;
});
const HYPHEN = 0x2d;

/** Writes the 16 bytes of a uuid that is written with or without hyphens; false when the text is none. */
export function readUuid(
  text: Uint8Array,
  start: number,
  length: number,
  target: Uint8Array,
  at: number,
): boolean {
  let digits = 0;
  let high = 0;
  for (let next = start; next < start + length; next++) {
    const code = text[next] ?? 0;
    if (code === HYPHEN) continue;
    const value = DIGITS[code] ?? NONE;
    if (value === NONE || digits === 32) return false;
    if ((digits & 1) === 0) high = value << 4;
    else target[at + (digits >> 1)] = high | value;
    digits += 1;
  }
  return digits === 32;
}
