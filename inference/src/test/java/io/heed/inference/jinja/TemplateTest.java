package io.heed.inference.jinja;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TemplateTest {
    private static final List<Map<String,
            Object>> MESSAGES = List.of(Map.of("role", "system", "content", " Be brief. "),
            Map.of("role", "user", "content", "Hi"),
            Map.of("role", "assistant", "content", "<think>hm</think>\n\nHello"),
            Map.of("role", "user", "content", "Bye"));

    private static String render(String source) {
        return Template.of(source).render(Map.of("messages", MESSAGES, "bos_token", "<s>", "add_generation_prompt",
                true,
                "n", 7, "d", Map.of("a", 1)));
    }

    @Test
    void chatMl() {
        assertThat(render("""
                {%- for message in messages %}
                    {{- '<|im_start|>' + message.role + '\\n' + message['content'] | trim + '<|im_end|>' + '\\n' }}
                {%- endfor %}
                {%- if add_generation_prompt %}
                    {{- '<|im_start|>assistant\\n' }}
                {%- endif %}
                """)).isEqualTo("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
                + "<|im_start|>assistant\n<think>hm</think>\n\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
                + "<|im_start|>assistant\n");
    }

    @Test
    void headersAndASystemMessageApart() {
        assertThat(render("""
                {{- bos_token }}
                {%- if messages[0]['role'] == 'system' %}
                    {%- set system_message = messages[0]['content']|trim %}
                    {%- set messages = messages[1:] %}
                {%- else %}
                    {%- set system_message = "" %}
                {%- endif %}
                {{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
                {{- system_message }}
                {{- "<|eot_id|>" }}
                {%- for message in messages %}
                    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
                        {{- raise_exception('roles must alternate') }}
                    {%- endif %}
                    {{- '[' + message['role'] + ']' }}
                {%- endfor %}
                """)).isEqualTo("<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                + "[user][assistant][user]");
    }

    @Test
    void thinkingIsCutFromEarlierTurns() {
        assertThat(render("""
                {%- set ns = namespace(last=messages|length - 1, found=false) %}
                {%- for message in messages[::-1] %}
                    {%- set index = (messages|length - 1) - loop.index0 %}
                    {%- if not ns.found and message.role == "user" and message.content is string
                        and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
                        {%- set ns.found = true %}
                        {%- set ns.last = index %}
                    {%- endif %}
                {%- endfor %}
                {%- for message in messages %}
                    {%- set content = message.content %}
                    {%- if message.role == 'assistant' and '</think>' in content %}
                        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
                    {%- endif %}
                    {{- content }}|
                {%- endfor %}{{ ns.last }}{{ tools is defined }}
                """)).isEqualTo(" Be brief. |Hi|Hello|Bye|3False");
    }

    @Test
    void whitespaceIsTrimmedAsBlocksAre() {
        assertThat(render("a\n  {% if true %}\n  b\n  {% endif %}\nc")).isEqualTo("a\n  b\nc");
        assertThat(render("a {% if true %} b {% endif %} c")).isEqualTo("a  b  c");
        assertThat(render("a {%- if true -%} b {%- endif -%} c")).isEqualTo("abc");
        assertThat(render("a\n{# note #}\nb")).isEqualTo("a\nb");
        assertThat(render("{{ 1 }}\n{{ 2 }}\n")).isEqualTo("1\n2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '@', quoteCharacter = '`', value = {"1 + 2 * 3 ** 2@19", "7 // 2 ~ 7 % 4 ~ -7 // 2@33-4",
            "n / 2@3.5", "not n > 3 or n in [7]@True",
        "'a' if n == 1 else 'b'@b", "messages[-1].content@Bye",
        "messages|map(attribute='role')|join(',')@system,user,assistant,user",
        "messages|selectattr('role','equalto','user')|list|length@2", "d.items()|list@[['a', 1]]",
        "{'x': [1, none]}|tojson@{\"x\": [1, null]}",
        "'abc'[1:]|upper@BC", "'x' * 3@xxx", "nothing|default('z')@z", "d.missing is defined@False",
        "n is not none and n is odd@True",
        "'a,b'.split(',')[1]@b", "range(3)|list@[0, 1, 2]", "'%s'@%s", "\"q\" \"r\"@qr", "d['a'] == 1.0@True",
        "(1, 2)[1]@2"})
    void expressions(String expression, String want) {
        assertThat(render("{{ " + expression + " }}")).isEqualTo(want);
    }

    @Test
    void macrosAndLoops() {
        assertThat(render("{% macro m(a, b='!') %}{{ a }}{{ b }}{% endmacro %}{{ m('x') }}{{ m('y', b='?') }}"))
                .isEqualTo("x!y?");
        assertThat(render("{% for k, v in [(1, 2), (3, 4)] if v > 2 %}{{ k }}{{ loop.first }}{% else %}no{% endfor %}"))
                .isEqualTo("3True");
        assertThat(render(
                "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}"
                + "{{ i }}{% endfor %}")).isEqualTo("02");
        assertThat(render("{% set x %}a{{ n }}{% endset %}{{ x }}")).isEqualTo("a7");
    }

    @Test
    void whatIsWrongIsSaidInOneLine() {
        for (String bad : List.of("{% if x %}", "{{ 1 +", "{% frob %}", "{{ 'a }}", "{{ x.y }}", "{{ [1]|frob }}",
                "{{ n() }}",
                "{{ 1 // 0 }}", "{% for i in range(1000000) %}{% endfor %}", "{{ raise_exception('no') }}",
                "{{ n < 'a' }}")) {
            assertThatThrownBy(() -> render(bad)).as(bad).isInstanceOf(TemplateException.class)
                    .satisfies(e -> assertThat(e.getMessage()).isNotBlank().doesNotContain("\n"));
        }
        assertThat(Template.date("%d %b %Y", LocalDateTime.of(2026, 7, 4, 1, 2))).isEqualTo("04 Jul 2026");
    }
}
