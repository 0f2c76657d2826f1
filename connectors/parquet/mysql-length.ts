/**
 * Length of a value in MySQL's protocol: a byte below 0xfb, or one that says how many bytes of length follow
 * (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html).
 */
const IN_2_BYTES = 0xfc;
const IN_3_BYTES = 0xfd;

/** Bytes that the length at `at` takes itself. */
export function sizeOfLength(view: DataView, at: number): number {
  const first = view.getUint8(at);
  if (first < IN_2_BYTES) return 1;
  if (first === IN_2_BYTES) return 3;
  return first === IN_3_BYTES ? 4 : 9;
}

/** Bytes of the value behind the length at `at`. */
export function lengthAt(view: DataView, at: number): number {
  const first = view.getUint8(at);
  if (first < IN_2_BYTES) return first;
  if (first === IN_2_BYTES) return view.getUint16(at + 1, true);
  if (first === IN_3_BYTES) return view.getUint16(at + 1, true) | (view.getUint8(at + 3) << 16);
  return Number(view.getBigUint64(at + 1, true));
}
