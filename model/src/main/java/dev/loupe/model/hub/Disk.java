package dev.loupe.model.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What file systems differ in, so that tests can play a full one and one without symbolic links.
 */
interface Disk {
  Disk REAL =
      new Disk() {
        @Override
        public long usableSpace(Path folder) throws IOException {
          return Files.getFileStore(folder).getUsableSpace();
        }

        @Override
        public void symlink(Path link, Path target) throws IOException {
          Files.createSymbolicLink(link, target);
        }
      };

  long usableSpace(Path folder) throws IOException;

  void symlink(Path link, Path target) throws IOException;
}
