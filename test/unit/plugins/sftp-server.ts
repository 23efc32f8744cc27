import { closeSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import ssh2, { type SFTPWrapper } from "ssh2";

const { STATUS_CODE, flagsToString } = ssh2.utils.sftp;

/** The part of an SFTP server that is needed to write files. Relative paths are in `home`. */
export function serveSftp(sftp: SFTPWrapper, home: string): void {
  const handles = new Map<string, number>();
  const fileOf = (handle: Buffer) => handles.get(handle.toString()) ?? -1;
  const answer = (id: number, act: () => void) => {
    try {
      act();
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      sftp.status(id, missing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
    }
  };
  const ok = (id: number) => sftp.status(id, STATUS_CODE.OK);
  const stat = (id: number, path: string) =>
    answer(id, () => {
      const { mode, uid, gid, size } = statSync(resolve(home, path));
      sftp.attrs(id, { mode, uid, gid, size, atime: 0, mtime: 0 });
    });
  // A client may wait for the server's end before it closes the connection.
  sftp.on("end", () => sftp.end());
  sftp.on("STAT", stat).on("LSTAT", stat);
  sftp.on("OPEN", (id, path, flags) =>
    answer(id, () => {
      const file = openSync(resolve(home, path), flagsToString(flags) ?? "r");
      handles.set(String(file), file);
      sftp.handle(id, Buffer.from(String(file)));
    }),
  );
  sftp.on("WRITE", (id, handle, offset, data) =>
    answer(id, () => {
      writeSync(fileOf(handle), data, 0, data.length, offset);
      ok(id);
    }),
  );
  sftp.on("CLOSE", (id, handle) =>
    answer(id, () => {
      closeSync(fileOf(handle));
      handles.delete(handle.toString());
      ok(id);
    }),
  );
  sftp.on("MKDIR", (id, path) =>
    answer(id, () => {
      mkdirSync(resolve(home, path));
      ok(id);
    }),
  );
}
