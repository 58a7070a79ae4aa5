# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""A headless Chromium, spoken to over its debugging pipe."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

LIMIT = 30      # seconds for any one answer
COMMAND, ANSWER = 3, 4      # descriptors on which Chromium listens and speaks


def find():
    """The path of a Chromium, or None."""
    return shutil.which('chromium') or shutil.which('chromium-browser')


class Browser:
    """One process with one page; what the page complains about is collected in `complaints`."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        listen, self.to = os.pipe()
        self.answers, speak = os.pipe()
        # High numbers first, for either end may already be one of the two that are wanted.
        ends = [os.dup(fd) for fd in (listen, speak)]

        def place():
            spare = [os.dup2(fd, 50 + i) for i, fd in enumerate(ends)]
            os.dup2(spare[0], COMMAND)
            os.dup2(spare[1], ANSWER)

        self.process = subprocess.Popen(
            [program, '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run',
             '--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage',
             '--remote-debugging-pipe', f'--user-data-dir={self.folder.name}', 'about:blank'],
            close_fds=False, preexec_fn=place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        for fd in (listen, speak, *ends):
            os.close(fd)
        self.number = 0
        self.unread = b''
        self.complaints = []
        self.events = []
        target = self.call('Target.createTarget', {'url': 'about:blank'}, None)['targetId']
        self.session = self.call('Target.attachToTarget', {'targetId': target, 'flatten': True}, None)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    def close(self):
        os.close(self.to)
        os.close(self.answers)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- the pipe ----

    def message(self, deadline):
        while b'\0' not in self.unread:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.answers, 1 << 16) if ready else b''
            if not data:
                raise TimeoutError('Chromium does not answer')
            self.unread += data
        text, self.unread = self.unread.split(b'\0', 1)
        message = json.loads(text)
        self.note(message)
        return message

    def note(self, message):
        method, params = message.get('method'), message.get('params', {})
        if method == 'Runtime.exceptionThrown':
            details = params['exceptionDetails']
            self.complaints.append(details.get('exception', {}).get('description') or details['text'])
        elif method == 'Runtime.consoleAPICalled' and params['type'] in ('error', 'warning', 'assert'):
            self.complaints.append(' '.join(str(argument.get('value')) for argument in params['args']))
        elif method == 'Log.entryAdded' and params['entry']['level'] in ('error', 'warning'):
            self.complaints.append(params['entry']['text'])
        elif method == 'Network.requestWillBeSent' and not params['request']['url'].startswith(('file:', 'data:')):
            self.complaints.append(f'loads {params["request"]["url"]}')
        if method:
            self.events.append(method)

    def call(self, method, params=None, session=''):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params or {}}
        if session is not None:
            message['sessionId'] = self.session
        os.write(self.to, json.dumps(message).encode() + b'\0')
        deadline = time.monotonic() + LIMIT
        while True:
            answer = self.message(deadline)
            if answer.get('id') == self.number:
                break
        if 'error' in answer:
            raise RuntimeError(f'{method}: {answer["error"]["message"]}')
        return answer['result']

    # ---- what tests do ----

    def look(self, width, height=800, dark=False, scripts=True, paper=False):
        """How pages are shown from now on."""
        self.call('Emulation.setDeviceMetricsOverride',
                  {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 600})
        self.call('Emulation.setEmulatedMedia', {'media': 'print' if paper else '', 'features': [
            {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}]})
        self.call('Emulation.setScriptExecutionDisabled', {'value': not scripts})

    def open(self, path):
        """Open a file and wait until all of it is there."""
        self.events.clear()
        self.call('Page.navigate', {'url': f'file://{path}'})
        deadline = time.monotonic() + LIMIT
        while 'Page.loadEventFired' not in self.events:
            self.message(deadline)

    def value(self, expression):
        """What the expression is in the page."""
        result = self.call('Runtime.evaluate', {'expression': expression, 'returnByValue': True, 'awaitPromise': True})
        if 'exceptionDetails' in result:
            raise RuntimeError(f'{expression}: {result["exceptionDetails"]["text"]}')
        return result['result'].get('value')

    def wait(self, expression):
        """Wait until it is true; says whether it came true."""
        deadline = time.monotonic() + LIMIT
        while not self.value(expression):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def type(self, text):
        self.call('Input.insertText', {'text': text})

    def key(self, key, code=0, text=''):
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', {'type': kind, 'key': key, 'windowsVirtualKeyCode': code,
                                                 **({'text': text} if text and kind == 'keyDown' else {})})

    def picture(self, path, whole=False):
        """A PNG of what is seen, or of the whole page."""
        data = self.call('Page.captureScreenshot', {'format': 'png', 'captureBeyondViewport': whole})['data']
        with open(path, 'wb') as file:
            file.write(base64.b64decode(data))
