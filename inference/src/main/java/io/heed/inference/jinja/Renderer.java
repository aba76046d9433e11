package io.heed.inference.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs a template's statements. Output and loops are bounded: a template cannot run for ever. */
final class Renderer {
    private static final int MOST_TEXT = 16 << 20;
    private static final int MOST_STEPS = 2_000_000;
    private static final int DEEPEST = 100;

    private enum Flow { ON, BREAK, CONTINUE }

    private int steps;
    private int depth;

    Flow run(List<Statement> body, Scope scope, StringBuilder out) {
        for (Statement statement : body) {
            if (++steps > MOST_STEPS || out.length() > MOST_TEXT) {
                throw new TemplateException("chat template: takes too many steps");
            }
            Flow flow = run(statement, scope, out);
            if (flow != Flow.ON) {
                return flow;
            }
        }
        return Flow.ON;
    }

    private Flow run(Statement statement, Scope scope, StringBuilder out) {
        Evaluator evaluator = new Evaluator(scope);
        switch (statement) {
            case Statement.Text text -> out.append(text.text());
            case Statement.Output output -> out.append(Values.text(evaluator.value(output.value())));
            case Statement.Assign assign -> assign(assign, scope, evaluator.value(assign.value()));
            case Statement.Capture capture -> {
                StringBuilder inner = new StringBuilder();
                run(capture.body(), scope, inner);
                scope.set(capture.name(), inner.toString());
            }
            case Statement.If condition -> {
                for (Statement.Branch branch : condition.branches()) {
                    if (branch.condition() == null || Values.truth(evaluator.value(branch.condition()))) {
                        return run(branch.body(), scope, out);
                    }
                }
            }
            case Statement.For loop -> loop(loop, scope, evaluator, out);
            case Statement.Macro macro -> scope.set(macro.name(), (Values.Callable) (positional, named) ->
                    call(macro, scope, positional, named));
            case Statement.Break _ -> {
                return Flow.BREAK;
            }
            case Statement.Continue _ -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.ON;
    }

    @SuppressWarnings("unchecked")
    private static void assign(Statement.Assign assign, Scope scope, Object value) {
        if (assign.attribute() != null) {
            if (!(scope.get(assign.names().getFirst()) instanceof Map<?, ?> namespace)) {
                throw new TemplateException("chat template: '" + assign.names().getFirst() + "' is no namespace");
            }
            ((Map<Object, Object>) namespace).put(assign.attribute(), value);
        } else {
            unpack(assign.names(), value, scope);
        }
    }

    private static void unpack(List<String> names, Object value, Scope scope) {
        if (names.size() == 1) {
            scope.set(names.getFirst(), value);
            return;
        }
        List<Object> items = Values.items(value);
        if (items.size() != names.size()) {
            throw new TemplateException("chat template: " + items.size() + " values for " + names.size() + " names");
        }
        for (int i = 0; i < names.size(); i++) {
            scope.set(names.get(i), items.get(i));
        }
    }

    private void loop(Statement.For loop, Scope scope, Evaluator evaluator, StringBuilder out) {
        List<Object> items = new ArrayList<>();
        for (Object item : Values.items(evaluator.value(loop.items()))) {
            if (loop.filter() == null) {
                items.add(item);
                continue;
            }
            Scope tried = new Scope(scope);
            unpack(loop.names(), item, tried);
            if (Values.truth(new Evaluator(tried).value(loop.filter()))) {
                items.add(item);
            }
        }
        for (int i = 0; i < items.size(); i++) {
            Scope inner = new Scope(scope);
            unpack(loop.names(), items.get(i), inner);
            inner.set("loop", position(items, i));
            if (run(loop.body(), inner, out) == Flow.BREAK) {
                return;
            }
        }
        if (items.isEmpty()) {
            run(loop.otherwise(), scope, out);
        }
    }

    private static Map<String, Object> position(List<Object> items, int i) {
        Map<String, Object> loop = new HashMap<>(Map.of("index", i + 1L, "index0", (long) i, "first", i == 0,
                "last", i == items.size() - 1, "length", (long) items.size(), "revindex", (long) items.size() - i,
                "revindex0", items.size() - i - 1L));
        loop.put("previtem", i == 0 ? Values.UNDEFINED : items.get(i - 1));
        loop.put("nextitem", i == items.size() - 1 ? Values.UNDEFINED : items.get(i + 1));
        return loop;
    }

    private String call(Statement.Macro macro, Scope scope, List<Object> positional, Map<String, Object> named) {
        if (++depth > DEEPEST) {
            throw new TemplateException("chat template: macros call each other too deeply");
        }
        Scope inner = new Scope(scope);
        for (int i = 0; i < macro.parameters().size(); i++) {
            String name = macro.parameters().get(i);
            Object value = i < positional.size() ? positional.get(i) : named.get(name);
            if (value == null) {
                value = macro.defaults().get(i) == null ? Values.UNDEFINED : new Evaluator(inner)
                        .value(macro.defaults().get(i));
            }
            inner.set(name, value);
        }
        StringBuilder out = new StringBuilder();
        run(macro.body(), inner, out);
        depth--;
        return out.toString();
    }
}
