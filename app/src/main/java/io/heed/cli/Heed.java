package io.heed.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code heed} command. Exit status: 0 done, 1 a check failed, 2 bad usage or input, 130 stopped by Ctrl-C. */
@Command(name = "heed", versionProvider = Version.class, mixinStandardHelpOptions = true,
        subcommands = {CompareCommand.class, SystemsCommand.class, StudyCommand.class, VerifyCommand.class,
            TrainCommand.class, GenerateCommand.class, ServeCommand.class, InspectCommand.class, DataCommand.class,
            BenchCommand.class},
        description =
        "Attention for the JVM: compare, study, check and train attention mechanisms and other sequence mixers.",
        synopsisSubcommandLabel = "COMMAND", commandListHeading = "%nCommands:%n",
        footer = {"", "Start with:", "  heed compare                    four mixers side by side on English text",
            "  heed compare --text notes.txt   the same on your own text",
            "  heed systems                    what there is"})
public final class Heed implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    private boolean verbose;

    /** Whether stack traces are wanted. */
    boolean isVerbose() {
        return verbose;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** The command line, with errors as one line. */
    static CommandLine commandLine() {
        Complaints complaints = new Complaints();
        return new CommandLine(new Heed()).setCaseInsensitiveEnumValuesAllowed(true).setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(complaints).setExecutionExceptionHandler(complaints);
    }

    /** Runs a command and exits with its status. */
    public static void main(String[] arguments) {
        // The locale's character set may lack what tables and progress bars need.
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        CommandLine line = commandLine();
        line.setOut(new PrintWriter(System.out, true));
        line.setErr(new PrintWriter(System.err, true));
        int status = line.execute(arguments);
        System.out.flush();
        System.exit(status);
    }
}
