// Reads a packed column frame: typed arrays that are views of the buffer, so nothing is copied. See web/frames.py.
const ARRAYS = {
  Int32: Int32Array,
  Uint8: Uint8Array,
  Uint16: Uint16Array,
  Uint32: Uint32Array,
  Float32: Float32Array,
  Float64: Float64Array,
};

/** What describes the frame, and `columns`: a typed array for each name. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const columns = {};
  let offset = 4 + length;
  for (const [name, type, count] of header.columns) {
    columns[name] = new ARRAYS[type](buffer, offset, count);
    offset += Math.ceil(columns[name].byteLength / 8) * 8;
  }
  return { ...header, columns };
}

/** Ask the server; the answer's JSON or frame. Throws an Error whose message is the server's sentence. */
export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value != null));
  const answer = await fetch(query.size ? `${path}?${query}` : path);
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  if (!answer.ok) {
    const sentence = isJson ? (await answer.json()).error : `the server answered with ${answer.status}`;
    throw Object.assign(new Error(sentence), { status: answer.status });
  }
  return isJson ? answer.json() : unpack(await answer.arrayBuffer());
}
