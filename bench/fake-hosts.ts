import ssh2 from "ssh2";

// Stands in for hosts: one SSH server at every address of this network namespace, in a separate process. It reads a command's input,
// runs nothing, and reports success at once. So an `up` consists of the engine's own work only.

const { STATUS_CODE } = ssh2.utils.sftp;
const key = ssh2.utils.generateKeyPairSync("ed25519");
const port = 22;

const server = new ssh2.Server({ hostKeys: [key.private] }, (client) => {
  client.on("error", () => {});
  client.on("authentication", (attempt) => attempt.accept());
  client.on("session", (accept) => {
    const session = accept();
    session.on("exec", (acceptExec) => {
      const channel = acceptExec();
      channel.on("data", () => {});
      channel.on("end", () => {
        channel.write("fake: nothing to change\n");
        channel.exit(0);
        channel.end();
      });
    });
    session.on("sftp", (acceptSftp) => {
      const sftp = acceptSftp();
      // A client may wait for the server's end before it closes the connection.
      sftp.on("end", () => sftp.end());
      sftp.on("OPEN", (id) => sftp.handle(id, Buffer.from("1")));
      for (const event of ["WRITE", "CLOSE", "MKDIR"] as const) sftp.on(event, (id: number) => sftp.status(id, STATUS_CODE.OK));
      for (const event of ["STAT", "LSTAT"] as const) sftp.on(event, (id: number) => sftp.status(id, STATUS_CODE.NO_SUCH_FILE));
    });
  });
});
server.listen(port, "0.0.0.0", () => process.stdout.write(`${key.public}\n`));
