package io.heed.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class AtomicFileTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).toList();
        }
    }

    /** A disk with room for so many bytes, which takes at most 7 at a time. */
    private record SmallDisk(WritableByteChannel channel, int[] room) implements WritableByteChannel {
        @Override
        public int write(ByteBuffer source) throws IOException {
            if (room[0] <= 0) {
                throw new IOException("No space left on device");
            }
            int length = Math.min(Math.min(7, room[0]), source.remaining());
            room[0] -= length;
            int written = channel.write(source.slice(source.position(), length));
            source.position(source.position() + written);
            return written;
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Test
    void replacesAnExistingFile() throws IOException {
        Path target = folder.resolve("a.txt");
        AtomicFile.write(target, "old");
        AtomicFile.write(target, "newer");
        assertThat(target).hasContent("newer");
        assertThat(names()).containsExactly("a.txt");
    }

    @Test
    void aFullDiskLeavesTheLastGoodFile() throws IOException {
        Path target = folder.resolve("model.safetensors");
        Safetensors.write(target, Map.of("w", Ops.of(new float[] {1, 2, 3})), Map.of("step", "1"));
        SafetensorsWriter next = new SafetensorsWriter(Map.of("w", Ops.of(new float[] {4, 5, 6})), Map.of("step", "2"));
        for (int room : new int[] {0, 3, 8, 40, 100}) {
            assertThatThrownBy(() -> AtomicFile.write(target,
                    channel -> next.writeTo(new SmallDisk(channel, new int[] {room}))))
                    .isInstanceOf(IOException.class).hasMessageContaining("No space left on device")
                    .hasMessageContaining(target + ": ").hasMessageContaining("the previous file is unchanged");
            assertThat(Ops.floats(Safetensors.open(target).tensor("w"))).containsExactly(1, 2, 3);
            assertThat(names()).containsExactly("model.safetensors");
        }
        AtomicFile.write(target, channel -> next.writeTo(new SmallDisk(channel, new int[] {1000})));
        assertThat(Ops.floats(Safetensors.open(target).tensor("w"))).containsExactly(4, 5, 6);
    }

    @Test
    void aNameThatCannotBeTakenLeavesNothingBehind() throws IOException {
        Path target = Files.createDirectories(folder.resolve("taken/inside")).getParent();
        assertThatThrownBy(() -> AtomicFile.write(target, "x")).isInstanceOf(IOException.class)
                .hasMessageContaining("cannot save " + target);
        assertThat(names()).containsExactly("taken");
        Path file = Files.writeString(folder.resolve("file"), "not a folder");
        assertThatThrownBy(() -> AtomicFile.write(file.resolve("x"), "x")).isInstanceOf(IOException.class);
    }

    @Test
    void whatAKilledWriterLeftIsRemovedLater() throws IOException {
        Instant old = Instant.now().minus(Duration.ofHours(1));
        long gone = 999_999_999L;
        long alive = ProcessHandle.current().pid();
        for (String name : new String[] {".a.txt." + gone + "-1.tmp", ".a.txt." + alive + "-999.tmp", ".b.txt." + gone
                + "-1.tmp",
            ".a.txt.note.tmp"}) {
            Files.setLastModifiedTime(Files.writeString(folder.resolve(name), "half"), FileTime.from(old));
        }
        Files.writeString(folder.resolve(".a.txt." + gone + "-2.tmp"), "of another machine, perhaps");
        AtomicFile.write(folder.resolve("a.txt"), "whole");
        assertThat(names()).containsExactlyInAnyOrder("a.txt", ".a.txt." + alive + "-999.tmp", ".b.txt." + gone
                + "-1.tmp",
                ".a.txt.note.tmp", ".a.txt." + gone + "-2.tmp");
    }

    @Test
    void anErrorInTheContentPassesThrough() throws IOException {
        assertThatThrownBy(() -> AtomicFile.write(folder.resolve("x"), channel -> {
            throw new IllegalStateException("bug");
        })).isInstanceOf(IllegalStateException.class).hasMessage("bug");
        assertThat(names()).isEmpty();
    }
}
