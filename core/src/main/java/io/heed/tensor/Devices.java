package io.heed.tensor;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;

/** Devices by name. */
public final class Devices {
    private static final Pattern NAME = Pattern.compile("(cpu|cuda)(?::(\\d{1,2}))?");

    private Devices() { }

    /**
     * The device called {@code cpu}, {@code cuda} or {@code cuda:<number>}.
     *
     * @throws IllegalArgumentException when the name is none of these, or this machine or build has no such device
     */
    public static Device named(String name) {
        Matcher matcher = NAME.matcher(name.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches() || matcher.group(1).equals("cpu") && matcher.group(2) != null) {
            throw new IllegalArgumentException("device '" + name + "': must be cpu, cuda or cuda:<number>");
        }
        if (matcher.group(1).equals("cuda")) {
            int index = matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2));
            int count = cudaDevices();
            if (count == 0) {
                throw new IllegalArgumentException("device '" + name + "': "
                        + (torch.hasCUDA() ? "no CUDA device was found" : "this build of Heed has no CUDA libraries")
                        + "; use cpu");
            }
            if (index >= count) {
                throw new IllegalArgumentException("device '" + name + "': this machine has CUDA devices 0 to "
                        + (count - 1));
            }
        }
        return new Device(matcher.group());
    }

    /** CUDA devices that this build can use. */
    public static int cudaDevices() {
        return torch.hasCUDA() && torch.cuda_is_available() ? torch.cuda_device_count() : 0;
    }
}
