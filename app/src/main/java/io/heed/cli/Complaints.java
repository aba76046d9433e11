package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

import io.heed.train.NearestName;
import io.heed.train.TrainingStopped;

/**
 * Turns whatever went wrong into one line on the error stream and an exit status: 2 for bad usage or input, 1 for a
 * training that broke off. A stack trace follows only with {@code --verbose}.
 */
final class Complaints implements CommandLine.IParameterExceptionHandler, CommandLine.IExecutionExceptionHandler {
    @Override
    public int handleParseException(CommandLine.ParameterException e, String[] arguments) {
        CommandLine line = e.getCommandLine();
        String message = switch (e) {
            case CommandLine.UnmatchedArgumentException unmatched -> unmatched(line, unmatched.getUnmatched()
                    .getFirst());
            case CommandLine.MissingParameterException missing when !missing.getMissing().isEmpty() -> "missing "
                    + missing.getMissing().stream().map(Complaints::named).collect(Collectors.joining(", "));
            case CommandLine.OverwrittenOptionException twice -> "option " + twice.getMessage()
                    .replaceFirst("^option ", "")
                    .lines().findFirst().orElse("given twice");
            default -> firstLine(e.getMessage());
        };
        say(line, message + " (see " + line.getCommandSpec().qualifiedName() + " --help)", e);
        return CommandLine.ExitCode.USAGE;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine line, CommandLine.ParseResult parsed) {
        Throwable cause = e instanceof UncheckedIOException unchecked ? unchecked.getCause() : e;
        switch (cause) {
            case CommandLine.ParameterException wrong -> {
                return handleParseException(wrong, new String[0]);
            }
            case TrainingStopped stopped -> {
                say(line, stopped.getMessage(), e);
                return 1;
            }
            case IllegalArgumentException bad -> say(line, String.valueOf(bad.getMessage()), e);
            case IOException io -> say(line, describe(io), e);
            case UnsupportedOperationException unsupported when unsupported.getMessage() != null ->
                    say(line, unsupported.getMessage(), e);
            default -> say(line, "unexpected " + cause.getClass().getSimpleName()
                    + (cause.getMessage() == null ? "" : ": " + cause.getMessage())
                    + (isVerbose(line) ? "" : " (run again with --verbose for the stack trace)"), e);
        }
        return CommandLine.ExitCode.USAGE;
    }

    /** Prints {@code heed compare: message}, and the stack trace if it was asked for. */
    private static void say(CommandLine line, String message, Throwable e) {
        PrintWriter err = line.getErr();
        err.println(line.getCommandSpec().qualifiedName() + ": " + firstLine(message));
        if (isVerbose(line)) {
            e.printStackTrace(err);
        }
        err.flush();
    }

    private static boolean isVerbose(CommandLine line) {
        return line.getCommandSpec().root().userObject() instanceof Heed heed && heed.isVerbose();
    }

    private static String unmatched(CommandLine line, String argument) {
        CommandSpec spec = line.getCommandSpec();
        List<String> known = new ArrayList<>();
        String kind;
        if (argument.startsWith("-")) {
            kind = "option";
            spec.options().stream().filter(option -> !option.hidden())
                    .forEach(option -> known.add(option.longestName()));
        } else if (spec.subcommands().isEmpty()) {
            return "unexpected argument '" + argument + "'";
        } else {
            kind = "command";
            known.addAll(spec.subcommands().keySet());
        }
        return "unknown " + kind + " '" + argument + "'" + NearestName.of(argument.replaceFirst("=.*", ""), known)
                .map(name -> ": did you mean '" + name + "'?").orElse("");
    }

    private static String named(CommandLine.Model.ArgSpec argument) {
        return argument instanceof CommandLine.Model.OptionSpec option ? option.longestName() : argument.paramLabel();
    }

    /** What the operating system said, with the file and in words. */
    static String describe(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case FileAlreadyExistsException exists -> exists.getFile() + ": already exists";
            case FileSystemException other -> other.getFile() + (other.getReason() == null ? "" : ": "
                    + other.getReason());
            default -> String.valueOf(e.getMessage());
        };
    }

    private static String firstLine(String message) {
        return String.valueOf(message).lines().findFirst().orElse("");
    }
}
