package io.heed.cli.output;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import com.sun.management.OperatingSystemMXBean;

import io.heed.kernels.Workers;

/** What the figures of a report were measured on. */
public final class Machine {
    private Machine() { }

    /** Names and values: processor, threads, memory, system, Java, Heed. */
    public static Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Processor", processor());
        facts.put("Threads", String.valueOf(Workers.count()));
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            facts.put("Memory", Figures.bytes(system.getTotalMemorySize()));
        }
        facts.put("System", System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("os.arch"));
        facts.put("Java", Runtime.version().toString());
        facts.put("Heed", heed());
        return facts;
    }

    /** Heed's version, from the manifest of its jar. */
    public static String heed() {
        String version = Machine.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
