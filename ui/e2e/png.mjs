// Makes pictures of pages small: a page has few colours, and a PNG with a palette is a third as large.
import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const MOST_COLOURS = 256;

/** The parts of a PNG: their kinds and contents. */
function* parts(png) {
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield { kind: png.toString('latin1', at + 4, at + 8), content: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

const CHECKS = Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function part(kind, content) {
  const whole = Buffer.concat([Buffer.alloc(4), Buffer.from(kind, 'latin1'), content, Buffer.alloc(4)]);
  whole.writeUInt32BE(content.length, 0);
  let check = 0xffffffff;
  for (const byte of whole.subarray(4, 8 + content.length)) check = CHECKS[(check ^ byte) & 0xff] ^ (check >>> 8);
  whole.writeUInt32BE((check ^ 0xffffffff) >>> 0, 8 + content.length);
  return whole;
}

/** What a filter of PNG foretells of a byte from those to the left, above, and above to the left. */
function foretold(filter, left, above, corner) {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4: {
      const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
      if (a <= b && a <= c) return left;
      return b <= c ? above : corner;
    }
    default:
      return 0;
  }
}

/** The points of a picture as the browser takes it: 8 bits for each of red, green and blue, perhaps with how dense it is. */
function points(png) {
  const all = [...parts(png)];
  const head = all.find((one) => one.kind === 'IHDR').content;
  const [width, height, depth, type, interlaced] = [head.readUInt32BE(0), head.readUInt32BE(4), head[8], head[9], head[12]];
  const each = { 2: 3, 6: 4 }[type];
  if (depth !== 8 || each === undefined || interlaced !== 0) throw new Error(`a PNG of depth ${depth} and type ${type} is not what browsers make`);
  const packed = inflateSync(Buffer.concat(all.filter((one) => one.kind === 'IDAT').map((one) => one.content)));
  const line = width * each;
  const raw = Buffer.alloc(line * height);
  for (let y = 0; y < height; y += 1) {
    const filter = packed[y * (line + 1)];
    for (let x = 0; x < line; x += 1) {
      const at = y * line + x;
      const left = x >= each ? raw[at - each] : 0;
      const above = y > 0 ? raw[at - line] : 0;
      const corner = x >= each && y > 0 ? raw[at - line - each] : 0;
      raw[at] = packed[y * (line + 1) + 1 + x] + foretold(filter, left, above, corner);
    }
  }
  const colours = new Uint32Array(width * height);
  for (let at = 0; at < colours.length; at += 1) colours[at] = (raw[at * each] << 16) | (raw[at * each + 1] << 8) | raw[at * each + 2];
  return { width, height, colours };
}

const distance = (one, other) => [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);

/** The commonest colours, but none that is near another: a line of red letters has its red beside a thousand greys. */
function paletteOf(counts) {
  const common = [...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  for (let apart = 24; ; apart /= 2) {
    const palette = [];
    for (const colour of common) {
      if (palette.length === MOST_COLOURS) break;
      if (palette.length < 24 ? !palette.includes(colour) : palette.every((one) => distance(one, colour) > apart * apart)) palette.push(colour);
    }
    if (palette.length === MOST_COLOURS || apart < 1) return palette;
  }
}

/** The same picture with a palette of its commonest colours; any other becomes the nearest of them. */
export function small(png) {
  const { width, height, colours } = points(png);
  const counts = new Map();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = paletteOf(counts);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const placeOf = (colour) => {
    const known = places.get(colour);
    if (known !== undefined) return known;
    let nearest = 0;
    palette.forEach((one, place) => {
      if (distance(one, colour) < distance(palette[nearest], colour)) nearest = place;
    });
    places.set(colour, nearest);
    return nearest;
  };
  const lines = Buffer.alloc((width + 1) * height);
  colours.forEach((colour, at) => {
    const y = Math.floor(at / width);
    lines[y * (width + 1) + 1 + (at - y * width)] = placeOf(colour);
  });
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([SIGNATURE, part('IHDR', head), part('PLTE', table), part('IDAT', deflateSync(lines, { level: 9 })), part('IEND', Buffer.alloc(0))]);
}
