package io.heed.vision.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.data.DataFolders;
import io.heed.data.Split;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ImageFilesTest {
    @TempDir
    private Path folder;

    @Test
    void readsIdxGzippedOrNot() throws IOException {
        Path images = write("images", idx(0x0803, new int[] {2, 2, 3}, 12));
        Path labels = write("labels", gzip(idx(0x0801, new int[] {2}, 2)));
        ImageSet set = Idx.images(images, labels);
        assertThat(set.height()).isEqualTo(2);
        assertThat(set.width()).isEqualTo(3);
        assertThat(set.pixels()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        assertThat(set.labels()).containsExactly(0, 1);
    }

    @Test
    void aWrongMagicIsNamed() throws IOException {
        Path file = write("wrong", new byte[] {0x50, 0x4b, 3, 4, 0, 0, 0, 0});
        assertThatThrownBy(() -> Idx.read(file)).isInstanceOf(IllegalArgumentException.class).hasMessage(file
                + " is no IDX file of bytes: it begins with 0x504b0304, expected 0x00000801 for labels or 0x00000803"
                + " for images");
        Path floats = write("floats", idx(0x0d01, new int[] {2}, 8));
        assertThatThrownBy(() -> Idx.read(floats)).hasMessageContaining("begins with 0x00000d01");
    }

    @Test
    void truncationIsNamedWhereverItHits() throws IOException {
        byte[] whole = idx(0x0803, new int[] {2, 2, 3}, 12);
        Path data = write("data", Arrays.copyOf(whole, whole.length - 1));
        assertThatThrownBy(() -> Idx.read(data)).hasMessage(data
                + " is truncated: its header says 2 x 2 x 3 bytes, 11 follow; fetch it again");
        Path header = write("header", Arrays.copyOf(whole, 9));
        assertThatThrownBy(() -> Idx.read(header)).hasMessage(header
                + " is truncated: its header ends early; fetch it again");
        Path magic = write("magic", Arrays.copyOf(whole, 3));
        assertThatThrownBy(() -> Idx.read(magic)).hasMessageContaining("is truncated: 3 bytes");
        byte[] zipped = gzip(whole);
        Path stream = write("stream.gz", Arrays.copyOf(zipped, zipped.length - 9));
        assertThatThrownBy(() -> Idx.read(stream)).hasMessage(stream
                + " is truncated: its gzip stream breaks off; fetch it again");
        Path lying = write("lying", idx(0x0803, new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE, -1}, 4));
        assertThatThrownBy(() -> Idx.read(lying)).hasMessageContaining("is truncated");
    }

    @Test
    void imagesWithoutAsManyLabelsAreNamed() throws IOException {
        Path images = write("images", idx(0x0803, new int[] {2, 2, 3}, 12));
        Path labels = write("labels", idx(0x0801, new int[] {3}, 3));
        assertThatThrownBy(() -> Idx.images(images, labels)).hasMessage(images + " has 2 images, " + labels
                + " has 3 labels");
    }

    @Test
    void readsCifarOfBothKinds() throws IOException {
        byte[] ten = new byte[2 * 3073];
        ten[0] = 7;
        ten[1] = 10;
        ten[3073] = 3;
        ImageSet set = Cifar.read(List.of(write("ten", ten)), 1);
        assertThat(set.labels()).containsExactly(7, 3);
        assertThat(set.pixels()[0]).isEqualTo((byte) 10);
        byte[] hundred = new byte[3074];
        hundred[0] = 1;
        hundred[1] = 99;
        assertThat(Cifar.read(List.of(write("hundred", hundred)), 2).labels()).containsExactly(99);
        Path short10 = write("short", Arrays.copyOf(ten, 4000));
        assertThatThrownBy(() -> Cifar.read(List.of(short10), 1)).hasMessage(short10
                + " has 4000 bytes, which is no multiple of the 3073 of a CIFAR record; fetch it again");
    }

    @Test
    void readsCifarFoldersByName() throws IOException {
        Path files = Files.createDirectories(folder.resolve("cifar-10/cifar-10-batches-bin"));
        byte[] record = new byte[3073];
        for (int batch = 1; batch <= 5; batch++) {
            Files.write(files.resolve("data_batch_" + batch + ".bin"), record);
        }
        Files.write(files.resolve("test_batch.bin"), record);
        Files.writeString(files.resolve("batches.meta.txt"), "airplane\nautomobile\n\n");
        ImageData data = ImageSets.open("cifar-10", DataFolders.in(folder));
        assertThat(data.classes()).startsWith("airplane", "automobile", "2").hasSize(10);
        assertThat(data.size(Split.TRAIN)).isEqualTo(4);
        assertThat(data.about()).contains(folder.toString());
    }

    @Test
    void readsAFolderByClass() throws IOException {
        picture("red/a.png", 40, 30, 0xff0000);
        picture("red/b.PNG", 7, 9, 0xff0000);
        picture("blue/c.bmp", 30, 80, 0x0000ff);
        Files.writeString(folder.resolve("red/notes.txt"), "no image");
        StoredImages data = ImageFolder.read(folder, 16);
        assertThat(data.classes()).containsExactly("blue", "red");
        assertThat(data.size(Split.TRAIN) + data.size(Split.VALIDATION) + data.size(Split.TEST)).isEqualTo(3);
        byte[] planes = ImageFolder.decode(folder.resolve("red/a.png"), 16);
        assertThat(planes[0]).isEqualTo((byte) 255);
        assertThat(planes[256]).isZero();
        assertThat(planes[767]).isZero();
    }

    @Test
    void readsAFolderThatIsSplitAlready() throws IOException {
        picture("train/red/a.png", 20, 20, 0xff0000);
        picture("train/blue/a.png", 20, 20, 0x0000ff);
        picture("test/blue/b.png", 20, 20, 0x0000ff);
        StoredImages data = ImageFolder.read(folder, 16);
        assertThat(data.size(Split.TRAIN)).isEqualTo(2);
        assertThat(data.size(Split.TEST)).isEqualTo(1);
        picture("test/green/b.png", 20, 20, 0x00ff00);
        assertThatThrownBy(() -> ImageFolder.read(folder, 16))
                .hasMessage(folder.resolve("test/green") + " is a class that the training images do not have");
    }

    @Test
    void anImageThatDoesNotDecodeIsNamed() throws IOException {
        picture("red/a.png", 20, 20, 0xff0000);
        Path damaged = folder.resolve("red/b.png");
        byte[] bytes = Files.readAllBytes(folder.resolve("red/a.png"));
        Files.write(damaged, Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> ImageFolder.read(folder, 16)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(damaged + " does not decode as an image: ")
                .hasMessageEndingWith("; mend or remove it");
        Files.writeString(damaged, "this is a text");
        assertThatThrownBy(() -> ImageFolder.read(folder, 16)).hasMessage(damaged
                + " does not decode as an image: its format is not known; convert it to PNG or remove it");
    }

    @Test
    void aFolderWithoutClassesIsNamed() {
        assertThatThrownBy(() -> ImageFolder.read(folder, 16))
                .hasMessageStartingWith(folder + " has no folders of images");
        assertThatThrownBy(() -> ImageFolder.read(folder.resolve("none"), 16)).hasMessageEndingWith("does not exist");
    }

    @Test
    void aSetThatIsNowhereIsReplacedByShapesThatSaySo() {
        ImageData data = ImageSets.open("fashion-mnist", DataFolders.in(folder));
        assertThat(data.id()).isEqualTo("shapes");
        assertThat(data.about()).contains("fashion-mnist is not in " + folder).contains("HEED_DATA");
        assertThatThrownBy(() -> ImageSets.open("fashion-mnits", DataFolders.in(folder)))
                .hasMessageStartingWith("unknown image set 'fashion-mnits': did you mean 'fashion-mnist'?");
    }

    @Test
    void readsFashionMnistWhereItIs() {
        DataFolders folders = DataFolders.of(null);
        Assumptions.assumeTrue(folders.find("fashion-mnist").isPresent(), "no data set fashion-mnist");
        ImageData data = ImageSets.open("fashion-mnist", folders);
        assertThat(data.classes()).hasSize(10);
        assertThat(data.size(Split.TRAIN)).isEqualTo(9 * data.size(Split.VALIDATION));
        try (PointerScope _ = new PointerScope()) {
            ImageBatch batch = data.range(Split.TRAIN, 0, 500);
            assertThat(batch.images().shape()).containsExactly(500, 1, 28, 28);
            assertThat(Ops.item(batch.images().mean())).isBetween(-0.1, 0.1);
            assertThat(Ops.item(batch.images().std(false))).isBetween(0.9, 1.1);
        }
    }

    private void picture(String name, int width, int height, int rgb) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, rgb);
        }
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        ImageIO.write(image, name.toLowerCase(java.util.Locale.ROOT).endsWith("bmp") ? "bmp" : "png", file.toFile());
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    /** A header and {@code count} bytes 0, 1, 2, ... */
    private static byte[] idx(int magic, int[] shape, int count) {
        ByteBuffer buffer = ByteBuffer.allocate(4 + 4 * shape.length + count).putInt(magic);
        Arrays.stream(shape).forEach(buffer::putInt);
        for (int i = 0; i < count; i++) {
            buffer.put((byte) i);
        }
        return buffer.array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(bytes);
        }
        return out.toByteArray();
    }
}
