/** What was dropped, folders opened. */

const PICTURE = /\.(jpe?g|png|webp|tiff?)$/i;

/** The files of a drop; of a folder, and of the folders in it, the pictures, in the order of their names. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // Entries can be asked for during the event only.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return files;
  const found: File[] = [];
  for (const entry of entries) if (entry) found.push(...(await within(entry, !entry.isDirectory)));
  return found;
}

async function within(entry: FileSystemEntry, asked: boolean): Promise<File[]> {
  if (entry.isFile) {
    if (!asked && !PICTURE.test(entry.name)) return [];
    return [await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed)); // a hundred at most
    if (!some.length) break;
    inside.push(...some);
  }
  inside.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const found: File[] = [];
  for (const item of inside) found.push(...(await within(item, false)));
  return found;
}
